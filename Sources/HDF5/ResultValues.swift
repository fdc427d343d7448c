/// The values of one variable, row-major, in one of the five types every reader understands.
///
/// Half floats, booleans, enumerations, compounds and fixed-length text are left out because
/// they crash, vanish or change type in at least one common reader.
public enum ResultValues: Hashable, Sendable {
  /// 64-bit floats; NaN means missing.
  case float64([Double])
  /// 64-bit integers.
  case int64([Int64])
  /// 32-bit integers.
  case int32([Int32])
  /// Codes of categories; the variable names them in `flag_values` and `flag_meanings`.
  case int8([Int8])
  /// Variable-length UTF-8 text.
  ///
  /// HDF5 ends such text at its first NUL, so U+0000 is stored as U+2400 (SYMBOL FOR NULL).
  case text([String])

  /// The number of elements.
  public var count: Int {
    switch self {
    case .float64(let values): values.count
    case .int64(let values): values.count
    case .int32(let values): values.count
    case .int8(let values): values.count
    case .text(let values): values.count
    }
  }

  /// Whether the values are text, which carries no units.
  public var isText: Bool {
    if case .text = self { true } else { false }
  }
}
