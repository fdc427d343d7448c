internal import CHDF5

/// The types a result file may hold (rule R1).
enum StoredType: Hashable, CaseIterable {
  case float64, float32, int64, int32, int8, text

  /// The type in the file: little-endian on every machine.
  func stored() throws -> Handle {
    switch self {
    case .float64: try Handle("H5Tcopy", H5Tcopy(chdf5_stored_float64()))
    case .float32: try Handle("H5Tcopy", H5Tcopy(chdf5_stored_float32()))
    case .int64: try Handle("H5Tcopy", H5Tcopy(chdf5_stored_int64()))
    case .int32: try Handle("H5Tcopy", H5Tcopy(chdf5_stored_int32()))
    case .int8: try Handle("H5Tcopy", H5Tcopy(chdf5_stored_int8()))
    case .text: try Self.unboundedText()
    }
  }

  /// The type in this machine's memory; a `char *` for text.
  func native() throws -> Handle {
    switch self {
    case .float64: try Handle("H5Tcopy", H5Tcopy(chdf5_native_float64()))
    case .float32: try Handle("H5Tcopy", H5Tcopy(chdf5_native_float32()))
    case .int64: try Handle("H5Tcopy", H5Tcopy(chdf5_native_int64()))
    case .int32: try Handle("H5Tcopy", H5Tcopy(chdf5_native_int32()))
    case .int8: try Handle("H5Tcopy", H5Tcopy(chdf5_native_int8()))
    case .text: try Self.unboundedText()
    }
  }

  /// Whether the type has room for NaN.
  var isFloat: Bool { self == .float64 || self == .float32 }

  private static func unboundedText() throws -> Handle {
    let type = try Handle("H5Tcopy", H5Tcopy(chdf5_c_string()))
    try checked("H5Tset_size", H5Tset_size(type.id, chdf5_variable_length()))
    try checked("H5Tset_cset", H5Tset_cset(type.id, H5T_CSET_UTF8))
    return type
  }
}

extension ResultValues {
  /// The type of the elements.
  var type: StoredType {
    switch self {
    case .float64: .float64
    case .int64: .int64
    case .int32: .int32
    case .int8: .int8
    case .text: .text
    }
  }

  /// Calls `body` with the elements, row-major, in the native form of ``type``.
  func withStorage<Result>(_ body: (UnsafeRawPointer?) throws -> Result) rethrows -> Result {
    switch self {
    case .float64(let values): try unsafe values.withUnsafeBytes { try unsafe body($0.baseAddress) }
    case .int64(let values): try unsafe values.withUnsafeBytes { try unsafe body($0.baseAddress) }
    case .int32(let values): try unsafe values.withUnsafeBytes { try unsafe body($0.baseAddress) }
    case .int8(let values): try unsafe values.withUnsafeBytes { try unsafe body($0.baseAddress) }
    case .text(let values): try unsafe withCStrings(values, body)
    }
  }
}

extension ResultAttribute.Value {
  /// The same value as an array of one or more elements.
  var elements: ResultValues {
    switch self {
    case .text(let text): .text([text])
    case .texts(let texts): .text(texts)
    case .float64(let value): .float64([value])
    case .float64s(let values): .float64(values)
    case .int32(let value): .int32([value])
    case .int32s(let values): .int32(values)
    case .int8s(let values): .int8(values)
    }
  }
}

extension String {
  /// The text with U+0000, where HDF5 would end it, written as U+2400.
  fileprivate var visibleNulls: String {
    guard utf8.contains(0) else { return self }
    return String(String.UnicodeScalarView(unicodeScalars.map { $0 == "\0" ? "\u{2400}" : $0 }))
  }
}

/// Calls `body` with an array of pointers to NUL-terminated copies of `texts`.
private func withCStrings<Result>(
  _ texts: [String], _ body: (UnsafeRawPointer?) throws -> Result
) rethrows -> Result {
  var bytes: [UInt8] = []
  var offsets: [Int] = []
  for text in texts {
    offsets.append(bytes.count)
    bytes.append(contentsOf: text.visibleNulls.utf8)
    bytes.append(0)
  }
  return try unsafe bytes.withUnsafeBufferPointer { buffer in
    let start = unsafe UnsafeRawPointer(buffer.baseAddress)
    let pointers = unsafe offsets.map { unsafe start?.advanced(by: $0) }
    return try unsafe pointers.withUnsafeBytes { try unsafe body($0.baseAddress) }
  }
}
