import LinearAlgebra
import TestSupport
import Testing

@testable import Geometry

@Suite struct LayerMapTests {
  private let teacher: SmallModel
  private let student: SmallModel

  init() {
    var size = SmallModel.Size()
    size.layers = 6
    teacher = SmallModel(size, seed: 1)
    var student = teacher.relative(correlation: 0.8, seed: 2)
    student.layers = [0, 2, 4].map { student.layers[$0] }
    self.student = student
  }

  private func map(
    _ a: SmallModel, _ b: SmallModel, rows: Int = 512
  ) throws -> LayerMap? {
    try LayerMap(
      modelUnits(a.tensors(.gpt2)).groups, modelUnits(b.tensors(.gpt2)).groups, rows: rows, seed: 0,
      plannedStages: 4, resources: WalkResources(threads: 2, scratchByteCount: 1 << 24))
  }

  @Test("Layers of a student are found in its teacher, and the other way round")
  func dropped() throws {
    let up = try #require(try map(student, teacher))
    #expect(up.layersOfA == [0, 1, 2])
    #expect(up.layersOfB == [0, 1, 2, 3, 4, 5])
    #expect(up.assignment == [0, 2, 4])
    #expect(up.logRankBounds.count == 18)
    #expect(up.logCertified < -100)
    let down = try #require(try map(teacher, student))
    #expect(down.assignment == [0, nil, 1, nil, 2, nil])
  }

  @Test("A sample of rows finds them too")
  func rows() throws {
    #expect(try map(student, teacher, rows: 20)?.assignment == [0, 2, 4])
  }

  @Test("Strangers have no layer in common, and no p-value")
  func strangers() throws {
    let other = SmallModel(seed: 9)
    let found = try #require(try map(other, teacher))
    #expect(found.assignment == [nil, nil])
    #expect(found.logCertified == 0)
  }

  @Test("Hidden units of other shapes have no map")
  func shapes() throws {
    var size = SmallModel.Size()
    size.hidden = 48
    #expect(try map(teacher, SmallModel(size, seed: 1)) == nil)
  }

  @Test("A student of some layers is found out directly, and by the map")
  func verdict() throws {
    for (a, b) in [(student, teacher), (teacher, student)] {
      let finding = try origin(a.tensors(.gpt2), b.tensors(.gpt2)) { $0.mapsLayers = true }
      #expect(finding.verdict == .shared)
      #expect(finding.controls.areSound)
      #expect(!finding.controls.z.isEmpty)
      #expect(finding.layerMap.map { $0.logCertified < -100 } == true)
      #expect(finding.stages.first?.planned == 4)
    }
  }

  @Test("Where no layer is left in its place the map alone tells, and is made unasked")
  func shifted() throws {
    var other = student
    other.layers = [1, 2, 0].map { student.layers[$0] }
    other.tokens = Matrix.normal(96, 32, seed: 50)
    other.positions = Matrix.normal(16, 32, seed: 51)
    let tensors = (teacher.tensors(.gpt2), other.tensors(.gpt2))
    let finding = try origin(tensors.0, tensors.1)
    #expect(finding.verdict == .shared)
    #expect(finding.stages[0].logCertified == 0 && finding.stages[0].planned == 4)
    #expect(finding.layerMap?.assignment == [2, nil, 0, nil, 1, nil])
  }

  @Test("Layers that cannot be mapped are remarked upon")
  func remark() throws {
    var size = SmallModel.Size()
    size.hidden = 48
    let finding = try origin(teacher.tensors(.gpt2), SmallModel(size, seed: 3).tensors(.gpt2)) {
      $0.mapsLayers = true
    }
    #expect(finding.layerMap == nil)
    #expect(finding.remarks.contains { $0.contains("cannot be mapped") })
  }
}
