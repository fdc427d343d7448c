#define OPENSSL_SUPPRESS_DEPRECATED
#include "sha256.h"

#include <openssl/sha.h>

_Static_assert(sizeof(SHA256_CTX) <= SHA256_STATE_BYTES, "SHA256_CTX has grown");
_Static_assert(_Alignof(SHA256_CTX) <= _Alignof(struct sha256), "SHA256_CTX is aligned wider");

void sha256_start(struct sha256 *hash) { SHA256_Init((SHA256_CTX *)hash->state); }

void sha256_add(struct sha256 *hash, const void *bytes, size_t count) {
  SHA256_Update((SHA256_CTX *)hash->state, bytes, count);
}

void sha256_finish(struct sha256 *hash, uint8_t digest[SHA256_DIGEST_BYTES]) {
  SHA256_Final(digest, (SHA256_CTX *)hash->state);
}
