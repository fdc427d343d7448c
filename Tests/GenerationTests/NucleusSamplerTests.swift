import Foundation
import Generation
import LinearAlgebra
import Testing

@Suite struct NucleusSamplerTests {
  private func nucleus(
    _ probabilities: [Double], temperature: Double = 1, topK: Int? = nil, topP: Double
  ) -> Nucleus? {
    var sampler = NucleusSampler(.init(temperature: temperature, topK: topK, topP: topP))
    var logits = probabilities.map { Float(log($0)) }
    return logits.withUnsafeMutableBufferPointer { sampler.nucleus(of: $0) }
  }

  private func ids(
    _ probabilities: [Double], temperature: Double = 1, topK: Int? = nil, topP: Double
  ) -> [Int32]? {
    nucleus(probabilities, temperature: temperature, topK: topK, topP: topP)?.tokens.map(\.id)
  }

  @Test("The fewest likeliest tokens that hold the share stay, in the order of ids")
  func share() {
    let probabilities = [0.1, 0.4, 0.05, 0.3, 0.15]
    #expect(ids(probabilities, topP: 0.01) == [1])
    #expect(ids(probabilities, topP: 0.39) == [1])
    #expect(ids(probabilities, topP: 0.41) == [1, 3])
    #expect(ids(probabilities, topP: 0.71) == [1, 3, 4])
    #expect(ids(probabilities, topP: 0.9) == [0, 1, 3, 4])
    #expect(ids(probabilities, topP: 0.96) == [0, 1, 2, 3, 4])
  }

  @Test("A share of 0 leaves the likeliest token, 1 all that are possible")
  func ends() {
    #expect(ids([0.2, 0.5, 0.3], topP: 0) == [1])
    #expect(ids([0.2, 0.5, 0.3], temperature: 0, topP: 1) == [1])
    #expect(ids([0.2, 0.5, 0, 0.3], topP: 1) == [0, 1, 3])
  }

  @Test("Of equally likely tokens those with smaller ids stay")
  func ties() {
    let even = Array(repeating: 0.125, count: 8)
    #expect(ids(even, topP: 0) == [0])
    #expect(ids(even, topK: 3, topP: 1) == [0, 1, 2])
    #expect(ids(even, topP: 0.3) == [0, 1, 2])
    #expect(ids([0.1, 0.3, 0.3, 0.3], topK: 2, topP: 1) == [1, 2])
  }

  @Test("The share is one of the tokens that topK leaves")
  func both() {
    // 0.4 of 0.7 is 0.57.
    #expect(ids([0.1, 0.4, 0.2, 0.3], topK: 2, topP: 0.56) == [1])
    #expect(ids([0.1, 0.4, 0.2, 0.3], topK: 2, topP: 0.58) == [1, 3])
    #expect(ids([0.1, 0.4, 0.2, 0.3], topK: 9, topP: 1) == [0, 1, 2, 3])
  }

  @Test("Selection leaves what sorting does", arguments: [0.05, 0.5, 0.9, 0.999])
  func selection(topP: Double) {
    var random = RandomStream(seed: 1)
    for count in [1, 2, 3, 17, 500] {
      let raw = (0..<count).map { _ in exp(3 * random.normal()) }
      let total = raw.reduce(0, +)
      var (sum, kept) = (0.0, [Int32]())
      for id in raw.indices.sorted(by: { raw[$0] > raw[$1] }) where sum < topP * total {
        sum += raw[id]
        kept.append(Int32(id))
      }
      #expect(ids(raw.map { $0 / total }, topP: topP) == kept.sorted())
    }
  }

  @Test("Temperature takes the power of probabilities, and log-probabilities stay the model's")
  func temperature() throws {
    let found = try #require(nucleus([0.2, 0.8], temperature: 0.5, topP: 1))
    // Binary32 has logits and weights.
    #expect(abs(Double(found.tokens[0].weight) / found.mass - 0.04 / 0.68) < 1e-6)
    #expect(abs(Double(found.tokens[0].logProbability) - log(0.2)) < 1e-6)
    #expect(ids([0.2, 0.8], temperature: 1e-300, topP: 1) == [1])
  }

  @Test("NaN leaves nothing to draw from")
  func nan() {
    #expect(nucleus([0.5, .nan], topP: 0.9) == nil)
    #expect(nucleus([0, 0], topP: 0) == nil)
    #expect(filtered([0.5, 0.5], by: [0.5, .nan], topP: 0.9) == nil)
    #expect(filtered([0, 1], by: [0.9, 0.1], topP: 0.5) == nil)
  }

  private func filtered(
    _ probabilities: [Double], by base: [Double], temperature: Double = 1, topK: Int? = nil,
    topP: Double
  ) -> Nucleus? {
    var sampler = NucleusSampler(.init(temperature: temperature, topK: topK, topP: topP))
    var logits = probabilities.map { Float(log($0)) }
    var filter = base.map { Float(log($0)) }
    return logits.withUnsafeMutableBufferPointer { logits in
      filter.withUnsafeMutableBufferPointer { sampler.nucleus(of: logits, filteredBy: $0) }
    }
  }

  @Test("A filter chooses tokens at temperature 1, and what is filtered says how likely each is")
  func filter() throws {
    // The base's 0.5 and 0.3 hold 0.7, whatever the temperature.
    let (own, base) = ([0.1, 0.4, 0.2, 0.3], [0.5, 0.1, 0.3, 0.1])
    for temperature in [1, 0.5, 2] {
      let found = try #require(filtered(own, by: base, temperature: temperature, topP: 0.7))
      #expect(found.tokens.map(\.id) == [0, 2])
      // 0.1 and 0.2 to the power of 1 / temperature; binary32 has logits and weights.
      let share = 1 / (1 + pow(2, 1 / temperature))
      #expect(abs(Double(found.tokens[0].weight) / found.mass - share) < 1e-6)
      #expect(abs(Double(found.tokens[1].logProbability) - log(0.2)) < 1e-6)
    }
  }

  @Test("The filter's limits: all, the base's likeliest, the likeliest of some, a number, ties")
  func filterEdges() {
    let (own, base) = ([0.1, 0.4, 0.2, 0.3], [0.5, 0.1, 0.3, 0.1])
    func ids(temperature: Double = 1, topK: Int? = nil, topP: Double) -> [Int32]? {
      filtered(own, by: base, temperature: temperature, topK: topK, topP: topP)?.tokens.map(\.id)
    }
    #expect(ids(topP: 1) == [0, 1, 2, 3])
    #expect(ids(topP: 0) == [0])
    #expect(ids(topK: 1, topP: 1) == [0])
    #expect(ids(temperature: 0, topP: 0.7) == [2])
    #expect(ids(temperature: 0, topP: 1) == [1])
    #expect(ids(topK: 2, topP: 1) == [0, 2])
    // Of the base's equals the smaller id stays.
    #expect(ids(topK: 3, topP: 1) == [0, 1, 2])
    // 0.5 of the 0.8 that two tokens hold is 0.625.
    #expect(ids(topK: 2, topP: 0.62) == [0])
    #expect(ids(topK: 2, topP: 0.63) == [0, 2])
  }
}
