// SHA-256 by OpenSSL's libcrypto.
//
// Wrapped since OpenSSL marks these calls as deprecated in favour of an interface that looks
// algorithms up by name at run time, which would pull the whole library into a static program.
#ifndef SHA256_H
#define SHA256_H

#include <stddef.h>
#include <stdint.h>

enum { SHA256_DIGEST_BYTES = 32, SHA256_STATE_BYTES = 112 };

// As large as OpenSSL's SHA256_CTX, which sha256.c asserts.
struct sha256 {
  uint64_t state[SHA256_STATE_BYTES / 8];
};

void sha256_start(struct sha256 *hash);
void sha256_add(struct sha256 *hash, const void *bytes, size_t count);
// Adds bytes to two hashes, which takes less time than one after the other where the processor has
// instructions for SHA-256.
void sha256_add_pair(struct sha256 *hash, const void *bytes, size_t count,
                     struct sha256 *other, const void *other_bytes, size_t other_count);
void sha256_finish(struct sha256 *hash, uint8_t digest[SHA256_DIGEST_BYTES]);

#endif
