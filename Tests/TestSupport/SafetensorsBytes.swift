/// Safetensors files, byte by byte.
public enum SafetensorsBytes {
  /// A file with any header text, right or wrong.
  ///
  /// - Parameters:
  ///   - header: the JSON, as it shall stand in the file.
  ///   - data: what follows it.
  /// - Returns: the file's content.
  public static func file(header: String, data: [UInt8] = []) -> [UInt8] {
    file(header: Array(header.utf8), data: data)
  }

  /// A file with any header bytes.
  ///
  /// - Parameters:
  ///   - header: need not be text.
  ///   - data: what follows it.
  /// - Returns: the file's content.
  public static func file(header: [UInt8], data: [UInt8]) -> [UInt8] {
    littleEndian(UInt64(header.count)) + header + data
  }

  /// A file of tensors that lie one after the other.
  ///
  /// - Parameter tensors: with names without quotes or backslashes.
  /// - Returns: the file's content.
  public static func file(_ tensors: [StoredTensor]) -> [UInt8] {
    file(tensors.map { ($0.name, $0.dtype.rawValue, $0.shape, $0.bytes) })
  }

  /// A file of tensors that lie one after the other.
  ///
  /// - Parameter tensors: names without quotes or backslashes.
  /// - Returns: the file's content.
  public static func file(
    _ tensors: [(name: String, dtype: String, shape: [Int], bytes: [UInt8])]
  ) -> [UInt8] {
    var (entries, data) = ([String](), [UInt8]())
    for tensor in tensors {
      let end = data.count + tensor.bytes.count
      entries.append(
        """
        "\(tensor.name)":{"dtype":"\(tensor.dtype)","shape":\(tensor.shape),\
        "data_offsets":[\(data.count),\(end)]}
        """)
      data += tensor.bytes
    }
    return file(header: "{" + entries.joined(separator: ",") + "}", data: data)
  }
}
