#include "sha256_pair.h"

#if defined(__x86_64__)

#include <cpuid.h>
#include <immintrin.h>

enum { STREAMS = 2, BLOCK = 64, SHA_BIT = 1 << 29 };

// FIPS 180-4, section 4.2.2.
static const uint32_t constants[64] __attribute__((aligned(64))) = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

#define FOR_SHA __attribute__((target("sha,sse4.1")))

// The eight words of a state as the instructions want them: a, b, e, f and c, d, g, h.
struct halves {
  __m128i abef, cdgh;
};

FOR_SHA static inline struct halves load_state(const uint32_t *state) {
  __m128i badc = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)state), 0xB1);
  __m128i hgfe = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(state + 4)), 0x1B);
  return (struct halves){_mm_alignr_epi8(badc, hgfe, 8), _mm_blend_epi16(hgfe, badc, 0xF0)};
}

FOR_SHA static inline void store_state(struct halves halves, uint32_t *state) {
  __m128i feba = _mm_shuffle_epi32(halves.abef, 0x1B);
  __m128i dchg = _mm_shuffle_epi32(halves.cdgh, 0xB1);
  _mm_storeu_si128((__m128i *)state, _mm_blend_epi16(feba, dchg, 0xF0));
  _mm_storeu_si128((__m128i *)(state + 4), _mm_alignr_epi8(dchg, feba, 8));
}

// Four words of the message schedule from the sixteen before them.
FOR_SHA static inline __m128i more_words(const __m128i words[4], int group) {
  __m128i last = words[(group + 3) & 3];
  __m128i sum = _mm_sha256msg1_epu32(words[group & 3], words[(group + 1) & 3]);
  sum = _mm_add_epi32(sum, _mm_alignr_epi8(last, words[(group + 2) & 3], 4));
  return _mm_sha256msg2_epu32(sum, last);
}

FOR_SHA static inline void four_rounds(struct halves *at, __m128i words) {
  at->cdgh = _mm_sha256rnds2_epu32(at->cdgh, at->abef, words);
  at->abef = _mm_sha256rnds2_epu32(at->abef, at->cdgh, _mm_shuffle_epi32(words, 0x0E));
}

FOR_SHA static inline void take_block(struct halves states[STREAMS], const uint8_t *bytes[STREAMS]) {
  const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
  struct halves at[STREAMS] = {states[0], states[1]};
  __m128i words[STREAMS][4];
  for (int i = 0; i < STREAMS; i++) {
    for (int j = 0; j < 4; j++) {
      __m128i part = _mm_loadu_si128((const __m128i *)(bytes[i] + 16 * j));
      words[i][j] = _mm_shuffle_epi8(part, big_endian);
    }
  }
#pragma GCC unroll 16
  for (int group = 0; group < 16; group++) {
    __m128i constant = _mm_load_si128((const __m128i *)(constants + 4 * group));
    for (int i = 0; i < STREAMS; i++) {
      four_rounds(&at[i], _mm_add_epi32(words[i][group & 3], constant));
      if (group < 12) words[i][group & 3] = more_words(words[i], group);
    }
  }
  for (int i = 0; i < STREAMS; i++) {
    states[i].abef = _mm_add_epi32(states[i].abef, at[i].abef);
    states[i].cdgh = _mm_add_epi32(states[i].cdgh, at[i].cdgh);
  }
}

FOR_SHA void sha256_pair_blocks(uint32_t *states[2], const uint8_t *bytes[2], size_t blocks) {
  struct halves halves[STREAMS] = {load_state(states[0]), load_state(states[1])};
  for (size_t block = 0; block < blocks; block++) {
    take_block(halves, (const uint8_t *[]){bytes[0] + BLOCK * block, bytes[1] + BLOCK * block});
  }
  for (int i = 0; i < STREAMS; i++) store_state(halves[i], states[i]);
}

bool sha256_pair_is_supported(void) {
  unsigned a, b, c, d;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & SHA_BIT) && __builtin_cpu_supports("sse4.1");
}

#else

bool sha256_pair_is_supported(void) { return false; }

void sha256_pair_blocks(uint32_t *states[2], const uint8_t *bytes[2], size_t blocks) {
  (void)states, (void)bytes, (void)blocks;
}

#endif
