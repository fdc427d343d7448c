import Testing
import Training

@Suite struct LearningRateScheduleTests {
  private typealias Decay = LearningRateSchedule.Decay

  @Test("Warm-up grows in equal parts to the peak", arguments: Decay.allCases)
  func warmUp(decay: LearningRateSchedule.Decay) {
    let schedule = LearningRateSchedule(decay, peak: 8, floor: 1, warmUp: 4, steps: 10)
    #expect((1...4).map(schedule.rate) == [2, 4, 6, 8])
  }

  @Test("The last step has the floor, and steps beyond it too")
  func ends() {
    let rates = Decay.allCases.map {
      LearningRateSchedule($0, peak: 8, floor: 1, warmUp: 2, steps: 10)
    }.flatMap { [$0.rate(at: 10), $0.rate(at: 99)] }
    #expect(rates == [1, 1, 1, 1, 8, 8])
  }

  @Test("Half way, linear and cosine are half way between peak and floor")
  func middle() {
    for decay in [Decay.linear, .cosine] {
      let schedule = LearningRateSchedule(decay, peak: 8, floor: 2, warmUp: 2, steps: 10)
      // cos(π/2) rounds to 6e-17.
      #expect(abs(schedule.rate(at: 6) - 5) < 1e-15)
    }
  }

  @Test("A schedule of warm-up alone, or of one step, is at its peak in the end")
  func short() {
    #expect(LearningRateSchedule(.linear, peak: 3, warmUp: 5, steps: 5).rate(at: 5) == 3)
    #expect(LearningRateSchedule(.constant, peak: 3, warmUp: 0, steps: 1).rate(at: 1) == 3)
  }
}
