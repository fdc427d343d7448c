import Models
import Threads

/// AdamW: descent along gradients whose moments are remembered, with weight decay apart from them.
///
/// Decay applies to matrices and embeddings, neither to biases nor to what normalized channels are
/// scaled by. With weights and gradient it takes 16 bytes for each parameter.
///
/// Source: Loshchilov & Hutter 2019, "Decoupled Weight Decay Regularization", algorithm 2; the
/// exclusions as in the training script of Radford et al.'s GPT-2 by `nanoGPT`.
public final class AdamW {
  /// What shapes a step besides the learning rate.
  public struct Settings: Hashable, Sendable {
    /// How much of the first and of the second moments is kept.
    public var betas: (first: Double, second: Double) {
      get { (firstBeta, secondBeta) }
      set { (firstBeta, secondBeta) = newValue }
    }
    private var firstBeta: Double
    private var secondBeta: Double
    /// Added to the root of the second moment.
    public var epsilon: Double
    /// The share of a weight, times the learning rate, that each step takes off.
    public var weightDecay: Double
    /// The largest norm of the gradient over all parameters; a longer one is scaled down to it.
    public var gradientLimit: Double

    /// Describes settings.
    ///
    /// - Parameters:
    ///   - betas: from 0 to less than 1.
    ///   - epsilon: positive.
    ///   - weightDecay: not negative.
    ///   - gradientLimit: positive; infinite for none.
    public init(
      betas: (first: Double, second: Double) = (0.9, 0.999), epsilon: Double = 1e-8,
      weightDecay: Double = 0.01, gradientLimit: Double = 1
    ) {
      precondition(0..<1 ~= betas.first && 0..<1 ~= betas.second)
      precondition(epsilon > 0 && weightDecay >= 0 && gradientLimit > 0)
      (firstBeta, secondBeta) = betas
      (self.epsilon, self.weightDecay) = (epsilon, weightDecay)
      self.gradientLimit = gradientLimit
    }
  }

  /// What shapes a step.
  public let settings: Settings
  /// Means of gradients.
  public let firstMoments: ModelParameters
  /// Means of their squares.
  public let secondMoments: ModelParameters
  /// Steps so far.
  public private(set) var stepCount: Int

  private let parameters: ModelParameters
  private let team: ThreadTeam

  /// Elements that one thread takes at a time. Sums of squares are folded in this order, so it is no
  /// matter of speed alone.
  private static let pieceLength = 1 << 16

  /// Begins, or goes on from moments that were kept.
  ///
  /// - Parameters:
  ///   - parameters: what is to be changed.
  ///   - settings: what shapes a step.
  ///   - threads: how many work at once, at least 1.
  public init(_ parameters: ModelParameters, settings: Settings, threads: Int) {
    (self.parameters, self.settings) = (parameters, settings)
    firstMoments = ModelParameters(like: parameters)
    secondMoments = ModelParameters(like: parameters)
    stepCount = 0
    team = ThreadTeam(threads: threads)
  }

  /// Says how many steps the moments, which someone has filled, are of.
  ///
  /// - Parameter stepCount: not negative.
  public func resume(after stepCount: Int) {
    precondition(stepCount >= 0)
    self.stepCount = stepCount
  }

  /// The norm of a gradient over all parameters.
  ///
  /// - Parameter gradient: of the same tensors.
  /// - Returns: √Σ g²; squares are summed in binary64, in pieces whose order is fixed.
  public func norm(of gradient: ModelParameters) -> Double {
    let count = gradient.elements.count
    let pieces = (count + AdamW.pieceLength - 1) / AdamW.pieceLength
    let squares = [Double](unsafeUninitializedCapacity: pieces) { squares, initialized in
      let target = squares
      team.forEach(pieces) { _, index in
        let first = index * AdamW.pieceLength
        target.initializeElement(
          at: index,
          to: sumOfSquares(
            gradient.elements.pointer + first, count: min(AdamW.pieceLength, count - first)))
      }
      initialized = pieces
    }
    return squares.reduce(0, +).squareRoot()
  }

  /// Takes a step.
  ///
  /// - Parameters:
  ///   - gradient: of the loss by the parameters.
  ///   - norm: of the gradient, as ``norm(of:)`` gives it.
  ///   - rate: the learning rate.
  /// - Complexity: reads 16 and writes 12 bytes for each parameter.
  public func step(along gradient: ModelParameters, norm: Double, rate: Double) {
    stepCount += 1
    let scale = min(1, settings.gradientLimit / max(norm, .leastNormalMagnitude))
    let (decaying, plain) = (
      descent(rate, settings.weightDecay, scale), descent(rate, 0, scale)
    )
    let pieces = parameters.tensors.flatMap { tensor in
      stride(
        from: tensor.elements.lowerBound, to: tensor.elements.upperBound, by: AdamW.pieceLength
      )
      .map { first in
        let end = min(first + AdamW.pieceLength, tensor.elements.upperBound)
        return (elements: first..<end, step: tensor.decays ? decaying : plain)
      }
    }
    team.forEach(pieces.count) { _, index in
      let (first, count) = (pieces[index].elements.lowerBound, pieces[index].elements.count)
      pieces[index].step.apply(
        to: parameters.elements.pointer + first, gradients: gradient.elements.pointer + first,
        firstMoments: firstMoments.elements.pointer + first,
        secondMoments: secondMoments.elements.pointer + first, count: count)
    }
  }

  private func descent(_ rate: Double, _ weightDecay: Double, _ scale: Double) -> DescentStep {
    DescentStep(
      number: stepCount, rate: rate, betas: (settings.betas.first, settings.betas.second),
      epsilon: settings.epsilon, weightDecay: weightDecay, gradientScale: scale)
  }
}
