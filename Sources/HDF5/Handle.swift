internal import CHDF5

/// One identifier of the HDF5 library, and the duty to close it once.
struct Handle: ~Copyable {
  /// The library's number for the object.
  let id: hid_t

  /// Takes over the identifier that `open` returns.
  ///
  /// - Parameters:
  ///   - call: the name of the library's function, for the error.
  ///   - open: the call.
  /// - Throws: ``HDF5Error`` if the identifier is negative.
  init(_ call: String, _ open: @autoclosure () throws -> hid_t) throws {
    id = try checked(call, open())
  }

  deinit { _ = H5Idec_ref(id) }
}

/// Makes one call of the library, which reports failure by a negative number.
///
/// - Throws: ``HDF5Error`` with the library's words, copied before the next call clears them.
@discardableResult
func checked<Status: SignedInteger>(
  _ call: String, _ body: @autoclosure () throws -> Status
) throws -> Status {
  let status = try body()
  guard status >= 0 else { throw HDF5Error(.call(call, text: errorText())) }
  return status
}

/// Stops the library from printing its errors, which it does for each thread separately.
func silenceErrorPrinting() {
  _ = H5Eset_auto2(0, nil, nil)
}

/// The library's account of this thread's last failure, from the call down to the cause.
private func errorText() -> String {
  var lines: [String] = []
  unsafe withUnsafeMutablePointer(to: &lines) { pointer in
    _ = unsafe H5Ewalk2(
      0, H5E_WALK_DOWNWARD,
      { _, error, lines in
        guard let text = unsafe error?.pointee.desc else { return 0 }
        unsafe lines?.assumingMemoryBound(to: [String].self).pointee.append(String(cString: text))
        return 0
      }, pointer)
  }
  return lines.isEmpty ? "no reason given" : lines.joined(separator: ": ")
}
