import ArgumentParser

/// Reads a seed. Results hold it as a signed number of 64 bits, which bounds it.
///
/// - Parameter argument: as given on the command line.
/// - Returns: the seed.
/// - Throws: `ValidationError` that says what seeds there are.
func readSeed(_ argument: String) throws -> UInt64 {
  guard let seed = UInt64(argument), seed <= UInt64(Int64.max) else {
    throw ValidationError("a seed is a whole number from 0 to \(Int64.max)")
  }
  return seed
}
