import Checkpoints
import Models
import Tensors
import Training

/// What training makes of batches of windows.
struct TrainingProbe {
  let model: any TrainableModel
  let parameters: ModelParameters
  let threads: Int
  let precision: Precision

  /// Writes the gradient of the mean loss over one batch, and returns that loss.
  func writeGradient(of windows: [[Int32]], to path: String) throws -> Double {
    let gradient = ModelParameters(like: parameters)
    let loss = try addGradient(
      of: windows, to: gradient, model.loss(parameters, threads: threads, precision: precision))
    let entries = gradient.tensors.map { tensor in
      SafetensorsWriter.Entry(name: tensor.name, dtype: .float32, shape: tensor.shape)
    }
    let writer = try SafetensorsWriter(path, entries: entries, metadata: [])
    for (index, tensor) in gradient.tensors.enumerated() {
      try writer.write(UnsafeRawBufferPointer(gradient[tensor]), of: index, from: 0)
    }
    try writer.commit()
    return loss
  }

  /// Takes a step of AdamW for each batch, and returns the mean loss before each, and seconds.
  func losses(
    of windows: [[Int32]], batch: Int, rate: Double
  ) throws -> (losses: [Double], seconds: [Double]) {
    let gradient = ModelParameters(like: parameters)
    let loss = model.loss(parameters, threads: threads, precision: precision)
    let optimizer = AdamW(parameters, settings: AdamW.Settings(), threads: threads)
    var (losses, seconds) = ([Double](), [Double]())
    for first in stride(from: 0, to: windows.count - batch + 1, by: batch) {
      let time = try ContinuousClock().measure {
        gradient.clear()
        losses.append(
          try addGradient(of: Array(windows[first..<first + batch]), to: gradient, loss))
        optimizer.step(along: gradient, norm: optimizer.norm(of: gradient), rate: rate)
      }
      seconds.append(time / .seconds(1))
    }
    return (losses, seconds)
  }

  private func addGradient(
    of windows: [[Int32]], to gradient: ModelParameters, _ loss: any TrainingLoss
  ) throws -> Double {
    let scored = windows.map(window)
    let count = scored.reduce(0) { $0 + $1.scored.count }
    let losses = try loss.addGradient(
      of: scored, scale: 1 / Double(count), dropout: .none,
      seed: DropoutSeed(seed: 0, step: 0), to: gradient)
    return losses.nats.reduce(0) { $0 + Double($1) } / Double(count)
  }

  /// All tokens but the first are scored; for a classifier the last number is the class.
  private func window(_ numbers: [Int32]) -> ScoredTokens {
    guard !model.classHead.isEmpty, let label = numbers.last else {
      return ScoredTokens(tokens: numbers, scored: 1..<numbers.count)
    }
    return model.window(of: numbers.dropLast(), label: label)
  }
}
