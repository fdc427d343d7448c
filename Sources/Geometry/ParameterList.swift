import Checkpoints
import Tensors

/// The tensors of one checkpoint as parameters of a model: canonical names, buffers apart, and
/// each tied tensor once.
public struct ParameterList: Sendable {
  /// A tensor and what its name says.
  public struct Parameter: Sendable {
    /// The name and what it says.
    public let name: ParameterName
    /// Where the tensor lies.
    public let record: TensorRecord
  }

  /// The checkpoint they come from.
  public let checkpoint: any Checkpoint
  /// Every tensor, in the order of the file.
  public let tensors: [Parameter]
  /// What belongs in norms, in the order of the file.
  public let parameters: [Parameter]
  /// Causal masks, position ids and the like.
  public let buffers: [Parameter]
  /// Tensors that repeat another one, and the canonical name of that one.
  public let ties: [(parameter: Parameter, of: TensorName)]

  private let positions: [TensorName: Int]

  /// Sorts the tensors of a checkpoint.
  ///
  /// A tensor is tied if it shares its bytes in the file with another, or if it is an output head
  /// whose bytes equal those of the token embedding.
  ///
  /// - Parameter checkpoint: where they come from.
  /// - Throws: `CheckpointError` if an output head's bytes cannot be read.
  public init(_ checkpoint: any Checkpoint) throws {
    tensors = ParameterList.named(checkpoint.records)
    var (kept, buffers) = ([Parameter](), [Parameter]())
    for parameter in tensors {
      if parameter.name.role == .buffer {
        buffers.append(parameter)
      } else {
        kept.append(parameter)
      }
    }
    let ties = try ParameterList.findTies(in: kept)
    let tied = Set(ties.map(\.parameter.name.canonical))
    parameters = tied.isEmpty ? kept : kept.filter { !tied.contains($0.name.canonical) }
    (self.checkpoint, self.buffers, self.ties) = (checkpoint, buffers, ties)
    var positions: [TensorName: Int] = [:]
    positions.reserveCapacity(parameters.count)
    for index in parameters.indices { positions[parameters[index].name.canonical] = index }
    self.positions = positions
  }

  /// The parameter of a canonical name.
  public subscript(name: TensorName) -> Parameter? { positions[name].map { parameters[$0] } }

  /// The token embedding, which a missing output head is tied to.
  var tokenEmbedding: Parameter? { parameters.first { $0.name.isTokenEmbedding } }

  /// Canonical names; where two tensors would get the same one, both keep what is stored.
  private static func named(_ records: [TensorRecord]) -> [Parameter] {
    let names = stacksToldApart(records.map { ParameterName($0.name, shape: $0.shape) })
    let ambiguous = namesGivenTwice(names)
    return zip(records, names).map { record, name in
      Parameter(
        name: ambiguous.contains(name.canonical)
          ? ParameterName(unabridged: record.name, like: name) : name,
        record: record)
    }
  }

  /// Names whose kinds tell encoder from decoder, if there are layers of both.
  private static func stacksToldApart(_ names: [ParameterName]) -> [ParameterName] {
    let stacks = Set(names.lazy.filter { $0.layer != nil }.compactMap(\.leadingStack))
    return stacks.count > 1 ? names.map(\.tellingStacksApart) : names
  }

  private static func namesGivenTwice(_ names: [ParameterName]) -> Set<TensorName> {
    var (known, repeated) = (Set<TensorName>(minimumCapacity: names.count), Set<TensorName>())
    for name in names where !known.insert(name.canonical).inserted {
      repeated.insert(name.canonical)
    }
    return repeated
  }

  private static func findTies(
    in parameters: [Parameter]
  ) throws -> [(parameter: Parameter, of: TensorName)] {
    var ties: [(parameter: Parameter, of: TensorName)] = []
    var owners: [Place: Int] = [:]
    owners.reserveCapacity(parameters.count)
    let embedding = parameters.first { $0.name.isTokenEmbedding }
    // Output heads come last, so that the embedding is the one that is kept.
    let isHead = parameters.map(\.name.isOutputHead)
    let ordered = isHead.indices.filter { !isHead[$0] } + isHead.indices.filter { isHead[$0] }
    for index in ordered {
      let record = parameters[index].record
      if let owner = owners[Place(record)], record.isAlias(of: parameters[owner].record) {
        ties.append((parameters[index], parameters[owner].name.canonical))
      } else if let embedding, isHead[index], try haveEqualBytes(record, embedding.record) {
        ties.append((parameters[index], embedding.name.canonical))
      } else {
        owners[Place(record)] = index
      }
    }
    return ties
  }

  /// Where a tensor begins: a cheap key under which aliases meet.
  private struct Place: Hashable {
    let file: ObjectIdentifier
    let offset: Int

    init(_ record: TensorRecord) {
      (file, offset) = (ObjectIdentifier(record.file), record.offset)
    }
  }
}

/// Whether two tensors have the same type, shape and bytes; stops at the first difference.
func haveEqualBytes(_ left: TensorRecord, _ right: TensorRecord) throws -> Bool {
  guard left.dtype == right.dtype, left.shape == right.shape else { return false }
  let piece = 1 << 16
  let readers = (ElementReader(left), ElementReader(right))
  let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 2 * piece * 8, alignment: 64)
  defer { scratch.deallocate() }
  let halves = (
    UnsafeMutableRawBufferPointer(rebasing: scratch[..<(piece * 8)]),
    UnsafeMutableRawBufferPointer(rebasing: scratch[(piece * 8)...])
  )
  for first in stride(from: 0, to: left.shape.elementCount, by: piece) {
    let range = first..<min(first + piece, left.shape.elementCount)
    let bytes = try (
      readers.0.bytes(of: range, scratch: halves.0), readers.1.bytes(of: range, scratch: halves.1)
    )
    guard bytes.0.elementsEqual(bytes.1) else { return false }
  }
  return true
}
