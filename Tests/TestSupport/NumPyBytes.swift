/// NumPy array files, byte by byte.
public enum NumPyBytes {
  /// A file with a header of its own.
  ///
  /// - Parameters:
  ///   - header: the text of the header.
  ///   - version: of the format.
  ///   - data: the elements.
  /// - Returns: the file's content.
  public static func file(header: String, version: UInt8 = 1, data: [UInt8]) -> [UInt8] {
    let length = UInt32(header.utf8.count)
    let width = version == 1 ? littleEndian(UInt16(length)) : littleEndian(length)
    return [0x93] + "NUMPY".utf8 + [version, 0] + width + header.utf8 + data
  }

  /// A file as NumPy writes it.
  ///
  /// - Parameters:
  ///   - type: such as `<f4`.
  ///   - shape: the text of the extents, such as `2, 3`.
  ///   - isColumnMajor: whether the elements are in Fortran's order.
  ///   - data: the elements.
  /// - Returns: the file's content.
  public static func file(
    _ type: String, _ shape: String, isColumnMajor: Bool = false, data: [UInt8]
  ) -> [UInt8] {
    let order = isColumnMajor ? "True" : "False"
    return file(
      header: "{'descr': '\(type)', 'fortran_order': \(order), 'shape': (\(shape)), }\n", data: data
    )
  }

  /// What Deflate may make of bytes: blocks that hold them as they are.
  ///
  /// - Parameter bytes: any number.
  /// - Returns: the compressed bytes.
  ///
  /// Source: RFC 1951, section 3.2.4.
  public static func deflated(_ bytes: [UInt8]) -> [UInt8] {
    var (result, rest) = ([UInt8](), bytes[...])
    repeat {
      let block = rest.prefix(0xFFFF)
      rest = rest.dropFirst(0xFFFF)
      let length = UInt16(block.count)
      result += [rest.isEmpty ? 1 : 0] + littleEndian(length) + littleEndian(~length) + block
    } while !rest.isEmpty
    return result
  }
}
