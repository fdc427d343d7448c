import Tensors

/// What the passes of training need to know of a model.
protocol TrainedLayers: LayerExtents, TrainableModel {
  /// How many layers there are.
  var layerCount: Int { get }
  /// Heads of attention in a layer.
  var headCount: Int { get }
  /// What neurons of the hidden layer compute.
  var activation: Activation { get }
  /// What normalization adds to the variance.
  var layerNormEpsilon: Double { get }
  /// How many logits there are: one for each token, or for each class.
  var logitCount: Int { get }
  /// Whether logits are those of classes.
  var classifies: Bool { get }
  /// Which positions a position attends to.
  var reach: AttentionReach { get }

  /// What scores of attention are multiplied by in a layer.
  func attentionScale(inLayer layer: Int) -> Double

  /// Adds what is read of a window, and what is scored.
  func add(_ window: ScoredTokens, to batch: inout TokenBatch)
}

/// One batch on its way through a model, forwards and back.
///
/// Steps that models share are here; a model says in which order they come.
protocol TrainingPass {
  associatedtype Configuration: TrainedLayers

  var configuration: Configuration { get }
  var parameters: ModelParameters { get }
  var batch: TokenBatch { get }
  var tape: TrainingTape { get }
  var team: LayerTeam { get }
  var dropout: DropoutRates { get }
  var seed: DropoutSeed { get }

  init(
    configuration: Configuration, parameters: ModelParameters, batch: TokenBatch,
    tape: TrainingTape, team: LayerTeam, dropout: DropoutRates, seed: DropoutSeed)

  /// Whether matrices are stored as [outputs, inputs].
  static var storesTransposed: Bool { get }
  /// Elements from a position's queries to the next one's, and from queries to keys, and keys to
  /// values.
  var queryLayout: (stride: Int, part: Int) { get }

  /// The matrix that makes logits.
  func head(of parameters: ModelParameters) -> ModelParameters.Linear

  /// Leaves the activations of all layers on the tape, and what goes into the head.
  func forward()

  /// Adds the gradients by all parameters but those of the head, given that by what goes into it.
  func backward(addingTo gradient: ModelParameters)
}

/// A table of which each position takes a row.
struct LookUp {
  let table: TensorName
  /// For each position.
  let rows: [Int]
}

extension TrainingPass {
  var width: Int { configuration.width }
  var positions: Int { batch.tokens.count }
  var epsilon: Float { Float(configuration.layerNormEpsilon) }

  /// The residual stream behind a layer.
  func output(ofLayer layer: Int) -> AlignedBuffer<Float> {
    layer + 1 < tape.layers.count ? tape.layers[layer + 1].input : tape.output
  }

  /// The sum of rows of tables.
  func add(_ lookUps: [LookUp], into stream: UnsafeMutablePointer<Float>) {
    let tables = lookUps.map { (start: parameters[$0.table].start, rows: $0.rows) }
    team.forEachPiece(of: positions, length: LayerTeam.rowsAtOnce) { rows in
      for row in rows {
        let target = stream + row * width
        target.update(repeating: 0, count: width)
        for (start, found) in tables {
          let source = start + found[row] * width
          for channel in 0..<width { target[channel] += source[channel] }
        }
      }
    }
  }

  func drop(_ x: AlignedBuffer<Float>, rows: Int, _ dropout: Dropout) {
    guard dropout.isActive else { return }
    team.forEachPiece(of: rows, length: LayerTeam.rowsAtOnce) { rows in
      let first = rows.lowerBound * width
      dropout.apply(x.pointer + first, first: first, count: rows.count * width)
    }
  }

  /// Normalizes rows; y may be x.
  func normalize(
    _ x: AlignedBuffer<Float>, _ name: String, rows: Int, into y: AlignedBuffer<Float>
  ) {
    let norm = parameters.norm(name)
    team.forEachPiece(of: rows, length: LayerTeam.rowsAtOnce) { rows in
      let first = rows.lowerBound * width
      layerNorm(
        x.pointer + first, positions: rows.count, channels: width, weight: norm.weight,
        bias: norm.bias, epsilon: epsilon, into: y.pointer + first)
    }
  }

  /// The parameters of a linear layer, or the gradient by them.
  func linear(_ name: String, of parameters: ModelParameters) -> ModelParameters.Linear {
    parameters.linear(name, isTransposed: Self.storesTransposed)
  }

  /// y = x w + bias.
  func project(
    _ x: UnsafePointer<Float>, by linear: ModelParameters.Linear, rows: Int,
    into y: UnsafeMutablePointer<Float>, after: (Tile) -> Void = { _ in }
  ) {
    let columns = linear.outputs
    team.multiply(
      Factor(elements: x, stride: linear.inputs), linear.factor, rows: rows, columns: columns,
      inner: linear.inputs, adding: linear.bias != nil, into: y,
      before: { tile in
        guard let bias = linear.bias else { return }
        for row in tile.rows {
          (y + row * columns + tile.columns.lowerBound)
            .update(from: bias.start + tile.columns.lowerBound, count: tile.columns.count)
        }
      }, after: after)
  }

  /// The hidden layer of x, before its activation and after.
  func hide(_ x: AlignedBuffer<Float>, by name: String, in layer: TrainingTape.Layer, rows: Int) {
    let inner = configuration.innerWidth
    project(
      x.pointer, by: linear(name, of: parameters), rows: rows, into: layer.hidden.pointer
    ) { tile in
      for row in tile.rows {
        let first = row * inner + tile.columns.lowerBound
        let target = layer.activated.pointer + first
        target.update(from: layer.hidden.pointer + first, count: tile.columns.count)
        activate(target, count: tile.columns.count, by: configuration.activation)
      }
    }
  }

  /// y = stream + dropout(x w + bias).
  func extend(
    _ stream: AlignedBuffer<Float>, by x: AlignedBuffer<Float>, _ name: String, _ dropout: Dropout,
    rows: Int, into y: AlignedBuffer<Float>
  ) {
    project(x.pointer, by: linear(name, of: parameters), rows: rows, into: y.pointer) { tile in
      let first = tile.columns.lowerBound
      for row in tile.rows {
        let (target, source) = (y.pointer + row * width, stream.pointer + row * width)
        dropout.apply(target + first, first: row * width + first, count: tile.columns.count)
        for channel in tile.columns { target[channel] += source[channel] }
      }
    }
  }

  /// Runs `body` for each head of each window.
  ///
  /// - Parameters:
  ///   - layer: its number.
  ///   - body: takes the head, and where its first elements are: among rows of all channels, and
  ///     among queries, keys and values.
  func forEachHead(
    ofLayer layer: Int, _ body: (_ head: TrainedHead, _ channels: Int, _ queries: Int) -> Void
  ) {
    let (heads, headWidth) = (configuration.headCount, configuration.headWidth)
    let (context, layout) = (configuration.contextLength, queryLayout)
    team.forEach(batch.windows.count * heads) { index, worker in
      let (rows, head) = (batch.windows[index / heads], index % heads)
      let first = rows.lowerBound * layout.stride + head * headWidth
      let trained = TrainedHead(
        qkv: tape.layers[layer].qkv.pointer + first, stride: layout.stride, part: layout.part,
        positions: rows.count, width: width, headWidth: headWidth,
        scale: Float(configuration.attentionScale(inLayer: layer)), reach: configuration.reach,
        dropout: dropout(at: .attention(layer: layer)),
        firstWeight: (rows.lowerBound * heads + head) * context, weightStride: heads * context,
        worker: worker)
      body(trained, rows.lowerBound * width + head * headWidth, first)
    }
  }
}

/// The arrays of activations that dropout applies to.
enum DropoutSite {
  case embedding
  case attention(layer: Int)
  case attentionOutput(layer: Int)
  case hiddenOutput(layer: Int)
  /// What goes into a head's first or second matrix, 0 or 1.
  case head(Int)

  fileprivate var number: Int {
    switch self {
    case .embedding: 0
    case .attention(let layer): 3 * layer + 1
    case .attentionOutput(let layer): 3 * layer + 2
    case .hiddenOutput(let layer): 3 * layer + 3
    case .head(let place): -1 - place
    }
  }
}

extension TrainingPass {
  func dropout(at site: DropoutSite) -> Dropout {
    let rate =
      switch site {
      case .embedding: dropout.embedding
      case .attention: dropout.attention
      case .attentionOutput, .hiddenOutput: dropout.residual
      case .head: dropout.head
      }
    return Dropout(rate: rate, seed: seed.seed, step: seed.step, site: site.number)
  }
}
