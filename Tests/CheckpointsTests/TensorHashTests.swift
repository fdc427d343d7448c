import TestSupport
import Tensors
import Testing

@testable import Checkpoints

@Suite struct TensorHashTests {
  private let folder: TemporaryFolder
  private let hashes: [TensorHash]

  init() throws {
    folder = try TemporaryFolder()
    let tensors = [
      StoredTensor("a", [2], from: 0), StoredTensor("b", [2, 1], from: 0, dtype: .bfloat16),
    ]
    let file = try SafetensorsFile(
      folder.write(SafetensorsBytes.file(tensors), to: "two.safetensors"))
    hashes = file.records.map { TensorHash(of: $0) }
  }

  // Around the length of a block, which is 64, and of several of them.
  @Test(
    "Two at once give what each gives alone, whatever the lengths of their pieces",
    arguments: [[0, 0], [1, 300], [64, 64], [63, 65], [128, 0], [1000, 4096]])
  func pairs(lengths: [Int]) {
    let bytes = (0..<5000).map { UInt8(truncatingIfNeeded: $0 &* 131 &+ $0 >> 5) }
    var (together, apart) = (hashes, hashes)
    bytes.withUnsafeBytes { bytes in
      for start in [0, 3, 64, 101] {
        let pieces = lengths.map {
          UnsafeRawBufferPointer(rebasing: bytes[start..<min(start + $0, bytes.count)])
        }
        var other = together[1]
        together[0].add(pieces[0], and: &other, pieces[1])
        together[1] = other
        for index in apart.indices { apart[index].add(pieces[index]) }
      }
    }
    #expect(together.map(\.digest) == apart.map(\.digest))
  }
}
