import Foundation

/// The learning rate of each step.
///
/// Over the first `warmUp` steps it grows from peak / warmUp to the peak, in equal parts; from there,
/// at a share p of the steps that remain, it is
///
///     constant:   peak
///     linear:     floor + (peak − floor) · (1 − p)
///     cosine:     floor + (peak − floor) · (1 + cos πp) / 2
///
/// so that the last step has the floor, and the first one is never 0.
///
/// Source: Loshchilov & Hutter 2017, "SGDR: Stochastic Gradient Descent with Warm Restarts",
/// section 3, for the cosine.
public struct LearningRateSchedule: Hashable, Sendable {
  /// How the rate falls once it is at its peak.
  public enum Decay: String, CaseIterable, Sendable {
    /// Along half a period of the cosine.
    case cosine
    /// In equal parts.
    case linear
    /// Not at all.
    case constant
  }

  /// How the rate falls.
  public let decay: Decay
  /// The largest rate.
  public let peak: Double
  /// The rate of the last step, unless it is constant.
  public let floor: Double
  /// Steps until the peak.
  public let warmUp: Int
  /// All steps.
  public let steps: Int

  /// Describes a schedule.
  ///
  /// - Parameters:
  ///   - decay: how the rate falls.
  ///   - peak: the largest rate, positive.
  ///   - floor: the rate of the last step, from 0 to the peak.
  ///   - warmUp: steps until the peak, not negative.
  ///   - steps: all steps, at least 1.
  public init(_ decay: Decay, peak: Double, floor: Double = 0, warmUp: Int, steps: Int) {
    precondition(peak > 0 && 0...peak ~= floor && warmUp >= 0 && steps >= 1)
    (self.decay, self.peak, self.floor) = (decay, peak, floor)
    (self.warmUp, self.steps) = (warmUp, steps)
  }

  /// The rate of a step.
  ///
  /// - Parameter step: from 1.
  /// - Returns: the rate; beyond the last step that of the last one.
  public func rate(at step: Int) -> Double {
    precondition(step >= 1)
    if step < warmUp { return peak * Double(step) / Double(warmUp) }
    let share = min(Double(step - warmUp) / Double(max(steps - warmUp, 1)), 1)
    return switch decay {
    case .constant: peak
    case .linear: floor + (peak - floor) * (1 - share)
    case .cosine: floor + (peak - floor) * (1 + cos(Double.pi * share)) / 2
    }
  }
}
