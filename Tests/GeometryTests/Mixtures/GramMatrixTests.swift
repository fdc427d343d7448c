import CKernels
import Checkpoints
import Tensors
import TestSupport
import Testing

@testable import Geometry

@Suite struct GramMatrixTests {
  private static let types: [DType] = [.float64, .float32, .float16, .bfloat16]

  /// Elements of checkpoints of ordinary numbers, each of its own seed.
  private func members(_ count: Int, _ dtype: DType, length: Int) -> [[UInt8]] {
    (0..<count).map { Material.ordinary.pair(dtype, count: length, seed: UInt64($0)).a }
  }

  private func gram(
    _ dtype: DType, _ members: [[UInt8]], by loops: difference_loops = .best
  ) -> GramMatrix {
    var matrix = GramMatrix(order: members.count)
    matrix.add(members.map { Elements(dtype, kept($0)) }, by: loops)
    return matrix
  }

  /// The bytes in memory that stays.
  private func kept(_ bytes: [UInt8]) -> UnsafeRawBufferPointer {
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 64)
    copy.copyBytes(from: bytes)
    return UnsafeRawBufferPointer(copy)
  }

  @Test("Products and squares are exact to 1e-12 of the sum of magnitudes", arguments: types)
  func exact(dtype: DType) {
    let members = members(3, dtype, length: 5003)
    let (matrix, values) = (gram(dtype, members), members.map { Elements(dtype, kept($0)) })
    for first in 0..<3 {
      for second in 0..<3 {
        var (product, square, scale) = (ExactSum(), ExactSum(), 0.0)
        for index in 0..<5003 {
          let (x, y) = (values[first].value(at: index), values[second].value(at: index))
          product.add(x, times: y)
          square.add(squareOf: x, minus: y)
          scale += (x * y).magnitude
        }
        #expect((matrix.product(first, second) - product.value).magnitude <= 1e-12 * scale)
        let error = (matrix.squaredDistance(first, second) - square.value).magnitude
        #expect(error <= 1e-12 * square.value)
      }
    }
  }

  @Test(
    "Every instruction set gives the bits of the plain loop, for any number of rows",
    arguments: types, [1, 2, 3, 4, 5, 9])
  func kernels(dtype: DType, order: Int) {
    let members = members(order, dtype, length: 1500)
    let values = members.map { Elements(dtype, kept($0)) }
    for loops in difference_loops.available {
      let matrix = gram(dtype, members, by: loops)
      for first in 0..<order {
        for second in first..<order {
          let plain = plainSums(values[first], values[second])
          #expect(matrix.product(first, second).bitPattern == plain.product.bitPattern)
          #expect(matrix.squaredDistance(first, second).bitPattern == plain.squared.bitPattern)
        }
      }
    }
  }

  /// The plain twin of the kernel: lanes of eight, blocks of ``GramMatrix/blockLength``.
  private func plainSums(_ a: Elements, _ b: Elements) -> (product: Double, squared: Double) {
    var (product, squared) = (CompensatedSum(), CompensatedSum())
    for first in stride(from: 0, to: a.count, by: GramMatrix.blockLength) {
      var (products, squares) = (SIMD8<Double>(), SIMD8<Double>())
      for index in first..<min(first + GramMatrix.blockLength, a.count) {
        let (x, y, lane) = (a.value(at: index), b.value(at: index), (index - first) % 8)
        let difference = x - y
        products[lane] += x * y
        squares[lane] += difference * difference
      }
      product += products.pairwiseSum
      squared += squares.pairwiseSum
    }
    return (product.value, squared.value)
  }

  @Test("Distances of checkpoints that are all but equal keep their digits")
  func cancellation() {
    let a = [Double](repeating: 1, count: 4096)
    var b = a
    b[7] += 0x1p-40
    let matrix = gram(.float64, [a, b].map { $0.flatMap { DType.float64.encoded($0) } })
    #expect(matrix.squaredDistance(0, 1) == 0x1p-80)
    // The part of b − a across a, 2^-40 (1 − 1/4096)^½, over the norm, 64. The norms, whose
    // difference is subtracted, are an ulp of 2^-46 apart or none: 2^-12 of the square.
    let expected = 0x1p-46 * 180 / Double.pi
    #expect((matrix.angle(0, 1) / expected - 1).magnitude < 0x1p-11)
    #expect(matrix.angle(0, 0) == 0)
  }

  @Test("NaN and infinities are counted by checkpoint and make its figures NaN or infinite")
  func nonfinite() {
    let values: [[Double]] = [[1, 2, 3], [1, .nan, .infinity], [4, 5, 6]]
    let matrix = gram(.float32, values.map { $0.flatMap { DType.float32.encoded($0) } })
    #expect(matrix.nonfinite == [0, 2, 0])
    #expect(matrix.product(0, 1).isNaN && matrix.squaredDistance(1, 2).isNaN)
    #expect(matrix.squaredDistance(0, 2) == 27)
  }

  @Test("Angles and cosines of task vectors are those of geometry")
  func angles() {
    let values: [[Double]] = [
      [0, 1, 0, 0], [1, 1, 0, 0], [0, 3, 0, 0], [0, 0, 0, 0], [-1, 1, 1, 0],
    ]
    let matrix = gram(.float32, values.map { $0.flatMap { DType.float32.encoded($0) } })
    // Each angle takes some ten roundings.
    #expect((matrix.angle(0, 1) - 45).magnitude < 1e-13)
    #expect(matrix.angle(0, 2) == 0)
    #expect(matrix.angle(0, 3).isNaN && matrix.cosine(0, 3).isNaN)
    #expect(matrix.taskCosine(1, 2, base: 0) == 0)
    #expect((matrix.taskCosine(1, 4, base: 0) + 0.5.squareRoot()).magnitude < 1e-15)
    #expect(matrix.taskCosine(0, 1, base: 0).isNaN)
  }

  @Test(
    "Norms and distances at a point are those of weights that are really mixed",
    arguments: [
      [0.3, 0.7, 0, 0], [1.5, -0.5, 0, 0], [0.1, 0.2, 0.3, 0.4], [2, 1, -1, 0.5], [0, 0, 1, 0],
    ])
  func points(coefficients: [Double]) {
    let members = members(4, .float32, length: 3000)
    let matrix = gram(.float32, members)
    let values = members.map { Elements(.float32, kept($0)) }
    let mixed = (0..<3000).map { index in
      (0..<4).reduce(0) { $0 + coefficients[$1] * values[$1].value(at: index) }
    }
    let norm = mixed.reduce(0) { $0 + $1 * $1 }
    // Sums of 3000 terms, plain here: 3000 · 2^-53 is 3.3e-13.
    #expect((matrix.squaredNorm(ofCombination: coefficients) - norm).magnitude <= 1e-12 * norm)
    for member in 0..<4 {
      let square = mixed.indices.reduce(0) { sum, index in
        let difference = mixed[index] - values[member].value(at: index)
        return sum + difference * difference
      }
      let found = matrix.squaredDistance(ofCombination: coefficients, to: member)
      // The norms of all take part where Σ c is not 1.
      #expect((found - square).magnitude <= 1e-12 * (square + 4 * norm))
    }
  }

  @Test("At a checkpoint the distance to it is 0")
  func vertex() {
    let matrix = gram(.float32, members(3, .float32, length: 100))
    #expect(matrix.squaredDistance(ofCombination: [0, 1, 0], to: 1) == 0)
    #expect(
      matrix.squaredDistance(ofCombination: [0, 1, 0], to: 2) == matrix.squaredDistance(1, 2))
  }

  @Test("A matrix that is written and read back is the same")
  func known() {
    let matrix = gram(.float32, members(3, .float32, length: 100))
    let cells = (0..<9).map { ($0 / 3, $0 % 3) }
    let copy = GramMatrix(
      order: 3, elementCount: 100, nonfinite: [0, 0, 0],
      products: cells.map { matrix.product($0.0, $0.1) },
      squares: cells.map { matrix.squaredDistance($0.0, $0.1) })
    for (first, second) in cells {
      #expect(copy.product(first, second) == matrix.product(first, second))
      #expect(copy.angle(first, second) == matrix.angle(first, second))
    }
  }
}

@Suite struct CommonTensorsTests {
  private let folder: TemporaryFolder
  private let tensors: [[StoredTensor]]

  init() throws {
    folder = try TemporaryFolder()
    tensors = (0..<3).map { number in
      let seed = UInt64(number) * 100
      func random(_ name: String, _ shape: [Int], _ dtype: DType) -> StoredTensor {
        let count = shape.reduce(1, *)
        return StoredTensor(
          name, dtype, shape, bytes: Material.ordinary.pair(dtype, count: count, seed: seed).a)
      }
      return [
        random("h.0.mlp.c_fc.weight", [600, 1024], number == 1 ? .bfloat16 : .float32),
        random("wte.weight", [number == 2 ? 9 : 8, 16], .float32),
        random("h.0.ln_1.weight", [16], .float32),
      ]
    }
  }

  private func lists(_ mode: InputMode) throws -> [ParameterList] {
    try tensors.enumerated().map { number, tensors in
      try ParameterList(folder.checkpoint("\(number).safetensors", tensors, mode: mode))
    }
  }

  @Test("What not all have with one shape is left out, and the coverage says so")
  func coverage() throws {
    let common = CommonTensors(try lists(.mapped))
    #expect(common.tensors.map(\.name.canonical) == ["h.0.mlp.c_fc.weight", "h.0.ln_1.weight"])
    let embedding = common.coverage.map { entries in entries.first { $0.name == "wte.weight" } }
    #expect(embedding.map { $0?.status } == [.notInAll, .notInAll])
  }

  @Test(
    "The bits depend neither on threads nor on memory nor on how files are read",
    arguments: InputMode.allCases, [1, 3])
  func sameBits(mode: InputMode, threads: Int) throws {
    func bits(_ mode: InputMode, _ threads: Int, _ scratch: Int) throws -> [UInt64] {
      let matrices = try CommonTensors(lists(mode)).gramMatrices(
        using: WalkResources(threads: threads, scratchByteCount: scratch))
      return matrices.flatMap { matrix in
        (0..<9).flatMap {
          [matrix.product($0 / 3, $0 % 3), matrix.squaredDistance($0 / 3, $0 % 3)]
        }
      }.map(\.bitPattern)
    }
    let expected = try bits(.mapped, 1, 1 << 30)
    for scratch in [0, 300_000, 1 << 30] {
      #expect(try bits(mode, threads, scratch) == expected)
    }
  }
}
