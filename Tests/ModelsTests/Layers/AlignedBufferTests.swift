import Testing

@testable import Models

@Suite struct AlignedBufferTests {
  @Test("Buffers start on a cache line and hold zeros", arguments: [0, 1, 1000, 700_000])
  func zeros(count: Int) {
    let buffer = AlignedBuffer<Float>(count: count)
    #expect(buffer.count == count)
    #expect(Int(bitPattern: buffer.pointer) % 64 == 0)
    #expect((0..<count).allSatisfy { buffer.pointer[$0] == 0 })
  }

  @Test("A work space is replaced only when it is too small")
  func growth() {
    let space = WorkSpace()
    let first = space.bytes(10_000)
    #expect(space.bytes(5_000) == first)
    first.storeBytes(of: 7, toByteOffset: 9_999, as: UInt8.self)
    let larger = space.bytes(1 << 20)
    larger.storeBytes(of: 7, toByteOffset: (1 << 20) - 1, as: UInt8.self)
    #expect(space.bytes(10_000) == larger)
  }
}
