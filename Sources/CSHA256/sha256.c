#define OPENSSL_SUPPRESS_DEPRECATED
#include "sha256.h"

#include <openssl/sha.h>

#include "sha256_pair.h"

_Static_assert(sizeof(SHA256_CTX) <= SHA256_STATE_BYTES, "SHA256_CTX has grown");
_Static_assert(_Alignof(SHA256_CTX) <= _Alignof(struct sha256), "SHA256_CTX is aligned wider");

enum { BLOCK = SHA256_CBLOCK };

void sha256_start(struct sha256 *hash) { SHA256_Init((SHA256_CTX *)hash->state); }

void sha256_add(struct sha256 *hash, const void *bytes, size_t count) {
  SHA256_Update((SHA256_CTX *)hash->state, bytes, count);
}

// Bytes that complete the block which was begun.
static size_t missing(const SHA256_CTX *hash, size_t count) {
  size_t rest = (BLOCK - hash->num) % BLOCK;
  return rest < count ? rest : count;
}

static void skip(SHA256_CTX *hash, size_t blocks) {
  uint64_t bits = ((uint64_t)hash->Nh << 32 | hash->Nl) + (uint64_t)blocks * BLOCK * 8;
  hash->Nl = (SHA_LONG)bits;
  hash->Nh = (SHA_LONG)(bits >> 32);
}

void sha256_add_pair(struct sha256 *hash, const void *bytes, size_t count,
                     struct sha256 *other, const void *other_bytes, size_t other_count) {
  SHA256_CTX *contexts[2] = {(SHA256_CTX *)hash->state, (SHA256_CTX *)other->state};
  const uint8_t *next[2] = {bytes, other_bytes};
  size_t left[2] = {count, other_count};
  for (int i = 0; i < 2; i++) {
    size_t first = missing(contexts[i], left[i]);
    SHA256_Update(contexts[i], next[i], first);
    next[i] += first;
    left[i] -= first;
  }
  size_t blocks = (left[0] < left[1] ? left[0] : left[1]) / BLOCK;
  if (blocks > 0 && sha256_pair_is_supported()) {
    sha256_pair_blocks((uint32_t *[]){contexts[0]->h, contexts[1]->h}, next, blocks);
    for (int i = 0; i < 2; i++) {
      skip(contexts[i], blocks);
      next[i] += blocks * BLOCK;
      left[i] -= blocks * BLOCK;
    }
  }
  for (int i = 0; i < 2; i++) SHA256_Update(contexts[i], next[i], left[i]);
}

void sha256_finish(struct sha256 *hash, uint8_t digest[SHA256_DIGEST_BYTES]) {
  SHA256_Final(digest, (SHA256_CTX *)hash->state);
}
