import Tensors
import Testing

@Suite struct DTypeTests {
  @Test(
    "Names are those of the safetensors format, widths those of their digits",
    arguments: [
      ("F64", 8), ("F32", 4), ("F16", 2), ("BF16", 2), ("F8_E4M3", 1), ("F8_E5M2", 1),
      ("I64", 8), ("I32", 4), ("I16", 2), ("I8", 1), ("U64", 8), ("U32", 4), ("U16", 2),
      ("U8", 1), ("BOOL", 1),
    ])
  func widths(name: String, byteCount: Int) throws {
    let dtype = try #require(DType(rawValue: name))
    #expect(dtype.byteCount == byteCount)
    #expect(dtype.isFloatingPoint == name.contains("F"))
  }

  @Test("Every type is in the table above, and none is also called unsupported")
  func complete() {
    #expect(DType.allCases.count == 15)
    #expect(DType.recognizedButUnsupported.allSatisfy { DType(rawValue: $0) == nil })
  }

  @Test("Names are told apart by case, and nothing is near enough", arguments: ["f32", "F32 ", ""])
  func otherNames(name: String) { #expect(DType(rawValue: name) == nil) }
}
