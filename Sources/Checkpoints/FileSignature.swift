import Tensors

/// What kind of file it is, told from its first bytes rather than its name.
enum FileSignature {
  case safetensors
  case zip
  case torchLegacy
  case hdf5
  case onnx
  case npy
  case gguf
  case json
  case other(String)

  init(_ file: InputFile) throws {
    let head = try file.copy(0..<min(file.byteCount, 512))
    self = FileSignature.named(head) ?? .safetensors
  }

  private static func named(_ head: [UInt8]) -> FileSignature? {
    if head.isEmpty { return .other("an empty file") }
    if isStartOfHeader(head) { return .safetensors }
    if head.starts(with: [0x50, 0x4B, 0x03, 0x04]) || head.starts(with: [0x50, 0x4B, 0x05, 0x06]) {
      return .zip
    }
    if head.starts(with: "version https://git-lfs".utf8) {
      return .other("a Git LFS pointer, not the file it stands for; fetch it with 'git lfs pull'")
    }
    if isTextOfAnObject(head) { return .json }
    if head.starts(with: NumPyHeader.magic) { return .npy }
    if head.starts(with: GGUFHeader.magic) { return .gguf }
    if head.starts(with: hdf5Magic) { return .hdf5 }
    if ONNXFile.mayBegin(with: head) { return .onnx }
    if isTorchLegacy(head) { return .torchLegacy }
    if head.count > 262, head[257..<262].elementsEqual("ustar".utf8) {
      return .other(
        "a tar archive, as PyTorch before version 0.1.10 wrote them, which is not supported")
    }
    return others.first { head.starts(with: $0.magic) }.map { .other($0.name) }
  }

  /// A length below 2^32 and the JSON object after it. The bytes of some lengths are those by which
  /// other formats are known: a header of 1152 bytes begins as a pickle does.
  private static func isStartOfHeader(_ head: [UInt8]) -> Bool {
    head.count > 8 && head[8] == UInt8(ascii: "{") && head[4..<8].allSatisfy { $0 == 0 }
  }

  /// A JSON object from the first byte on; a safetensors file has its header's length there,
  /// whose upper bytes are zero.
  private static func isTextOfAnObject(_ head: [UInt8]) -> Bool {
    head[0] == UInt8(ascii: "{") && !head.prefix(8).contains(0)
  }

  /// A pickle of one integer of 10 bytes, in any protocol.
  private static func isTorchLegacy(_ head: [UInt8]) -> Bool {
    guard head.count > 2, head[0] == 0x80, (2...5).contains(head[1]) else { return false }
    let frame = head[2] == 0x95 ? 9 : 0
    return head.dropFirst(2 + frame).starts(with: torchNumber)
  }

  private static let hdf5Magic: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]

  private static let torchNumber: [UInt8] = [
    0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19,
  ]

  private static let others: [(magic: [UInt8], name: String)] =
    [
      ([0x1F, 0x8B], "gzip-compressed; decompress it first")
    ]
    + (2...5).map { protocolVersion in
      ([0x80, protocolVersion], "a bare pickle, not what torch.save writes")
    }
}
