import LinearAlgebra
import Testing

@testable import Geometry

@Suite struct NegativeControlsTests {
  private func normals(_ count: Int, scale: Double = 1, shift: Double = 0) -> NegativeControls {
    var randomness = RandomStream(seed: 7)
    return NegativeControls(z: (0..<count).map { _ in shift + scale * randomness.normal() })
  }

  @Test("Standard normal z are sound, few or many", arguments: [0, 1, 2, 12, 36, 400])
  func sound(count: Int) { #expect(normals(count).areSound) }

  @Test("z that are spread, or moved, are not")
  func unsound() {
    #expect(!normals(36, scale: 2.5).areSound)
    #expect(!normals(36, shift: 1.5).areSound)
    #expect(!NegativeControls(z: [9]).areSound)
    #expect(!NegativeControls(z: Array(repeating: 0.1, count: 40)).areSound)
  }

  @Test("Spread is about 0, and of no controls 1")
  func figures() {
    let controls = NegativeControls(z: [3, 4])
    #expect(controls.average == 3.5)
    #expect(controls.deviation == 12.5.squareRoot())
    let none = NegativeControls(z: [])
    #expect(none.average == 0 && none.deviation == 1 && none.kolmogorovSmirnov == 1)
  }
}
