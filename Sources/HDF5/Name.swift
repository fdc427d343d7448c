/// The names that objects of a result file may have.
enum Name {
  /// Methods of an xarray data set; a variable of that name could not be reached by `data.name`.
  static let ofReaderMethods: Set = ["rank", "count", "mean", "var", "std", "min", "max", "sum"]

  /// Attributes that this module writes itself, for HDF5 and netCDF.
  static let ofAttributesWrittenHere: Set = [
    "long_name", "units", "_FillValue", "CLASS", "NAME", "DIMENSION_LIST", "REFERENCE_LIST",
  ]

  /// Units that xarray takes for time spans, and turns numbers into `timedelta64`.
  static let ofTimeSpans: Set = [
    "days", "hours", "minutes", "seconds", "milliseconds", "microseconds", "nanoseconds",
  ]

  /// Whether `name` is ASCII letters, digits and `_`, starting with a letter.
  static func isValid(_ name: String) -> Bool {
    guard let first = name.utf8.first, isLetter(first) else { return false }
    return name.utf8.allSatisfy { isLetter($0) || isDigit($0) || $0 == UInt8(ascii: "_") }
  }

  private static func isLetter(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }
}
