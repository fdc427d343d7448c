import LinearAlgebra
import Models
import Tensors
import Threads

extension ModelParameters {
  /// Fills in the weights that training begins with.
  ///
  /// Matrices and embeddings are normal numbers of mean 0, with the standard deviations of the model.
  /// Biases are 0, and what normalized channels are scaled by is 1.
  ///
  /// - Parameters:
  ///   - model: whose parameters they are.
  ///   - names: the tensors to fill; all if not given.
  ///   - seed: of the random numbers; each tensor has a stream of its own.
  ///   - threads: how many work at once.
  public func initialize(
    for model: any TrainableModel, only names: [TensorName]? = nil, seed: UInt64, threads: Int
  ) {
    ThreadTeam(threads: threads).forEach(tensors.count) { _, index in
      guard names?.contains(tensors[index].name) ?? true else { return }
      initialize(tensors[index], for: model, seed: seed, number: index)
    }
  }

  private func initialize(
    _ tensor: Tensor, for model: any TrainableModel, seed: UInt64, number: Int
  ) {
    let values = self[tensor]
    guard tensor.decays else {
      return values.update(repeating: tensor.name.text.hasSuffix(".weight") ? 1 : 0)
    }
    var random = RandomStream(seed: seed, stream: RandomPurpose.weights.stream(number))
    let deviation = model.initialDeviation(of: tensor.name)
    for place in values.indices { values[place] = Float(deviation * random.normal()) }
  }
}
