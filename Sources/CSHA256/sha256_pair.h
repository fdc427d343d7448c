// SHA-256 of two streams at once, by the processor's own instructions.
//
// A round waits for the one before it, and the processor could begin another meanwhile: that of a
// second stream, which OpenSSL's interface does not take.
#ifndef SHA256_PAIR_H
#define SHA256_PAIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool sha256_pair_is_supported(void);

// Takes whole blocks of 64 bytes into the eight words of two states, as FIPS 180-4, section 6.2.2.
// Only where sha256_pair_is_supported.
void sha256_pair_blocks(uint32_t *states[2], const uint8_t *bytes[2], size_t blocks);

#endif
