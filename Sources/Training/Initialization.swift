import LinearAlgebra
import Models
import Tensors
import Threads

extension GPT2Parameters {
  /// Fills in the weights that GPT-2's training begins with.
  ///
  /// Matrices and embeddings are normal numbers of mean 0 and standard deviation 0.02; those that are
  /// added to the residual stream, `c_proj`, of 0.02 / √(2 · layers). Biases are 0, and what normalized
  /// channels are scaled by is 1.
  ///
  /// - Parameters:
  ///   - seed: of the random numbers; each tensor has a stream of its own.
  ///   - threads: how many work at once.
  ///
  /// Source: Radford et al. 2019, "Language Models are Unsupervised Multitask Learners", section 2.3,
  /// and `GPT2PreTrainedModel._init_weights` of `transformers`.
  public func initialize(seed: UInt64, threads: Int) {
    ThreadTeam(threads: threads).forEach(tensors.count) { _, index in
      let (tensor, values) = (tensors[index], self[tensors[index]])
      guard tensor.decays else {
        return values.update(repeating: tensor.name.text.hasSuffix(".weight") ? 1 : 0)
      }
      var random = RandomStream(seed: seed, stream: RandomPurpose.weights.stream(index))
      let deviation = standardDeviation(of: tensor)
      for place in values.indices { values[place] = Float(deviation * random.normal()) }
    }
  }

  private func standardDeviation(of tensor: Tensor) -> Double {
    tensor.name.text.hasSuffix(".c_proj.weight")
      ? 0.02 / (2 * Double(configuration.layerCount)).squareRoot() : 0.02
  }
}
