import Synchronization
import Tensors

/// The elements of one tensor, made from bytes that hold them in another form.
protocol EncodedElements: AnyObject, Sendable {
  /// Bytes of all elements once they are made.
  var byteCount: Int { get }

  /// Makes a part of the elements.
  ///
  /// - Parameters:
  ///   - range: bytes within all of them.
  ///   - target: takes them; as long as the range.
  /// - Throws: ``CheckpointError`` if the file's bytes are damaged, or it has shrunk.
  func read(_ range: Range<Int>, into target: UnsafeMutableRawBufferPointer) throws

  /// All elements at once, for those that are read in another order than they lie.
  ///
  /// - Returns: ``byteCount`` bytes.
  /// - Throws: as ``read(_:into:)``, and if they are too many to be held in memory.
  func whole() throws -> [UInt8]
}

/// What was decoded last, shared by the tensors of a file.
///
/// Holds ``pieceBudget`` bytes of pieces and ``wholeBudget`` bytes of whole tensors, or one that is
/// larger.
final class DecodedPieces: Sendable {
  /// Whose piece it is, and which; `nil` for all of a tensor.
  struct Key: Hashable {
    let owner: ObjectIdentifier
    let piece: Int?
  }

  /// Pieces in the order of their last use.
  struct State {
    private var pieces: [(key: Key, bytes: [UInt8])] = []

    /// A piece that is held.
    mutating func bytes(_ key: Key) -> [UInt8]? {
      guard let position = pieces.firstIndex(where: { $0.key == key }) else { return nil }
      let found = pieces.remove(at: position)
      pieces.append(found)
      return found.bytes
    }

    /// Holds a piece, and gives up others for it.
    mutating func insert(_ bytes: [UInt8], for key: Key) {
      let isSameKind = { (other: Key) in (other.piece == nil) == (key.piece == nil) }
      let budget = key.piece == nil ? DecodedPieces.wholeBudget : DecodedPieces.pieceBudget
      var total = pieces.reduce(bytes.count) { isSameKind($1.key) ? $0 + $1.bytes.count : $0 }
      while total > budget, let oldest = pieces.firstIndex(where: { isSameKind($0.key) }) {
        total -= pieces.remove(at: oldest).bytes.count
      }
      pieces.append((key, bytes))
    }
  }

  static let pieceBudget = 32 << 20
  static let wholeBudget = 256 << 20
  /// The largest tensor that is held whole.
  static let wholeLimit = 1 << 30

  private let state = Mutex(State())

  /// Runs a function that no other thread runs meanwhile.
  func withLock<Result: Sendable>(
    _ body: (inout sending State) throws -> sending Result
  ) rethrows -> Result {
    try state.withLock(body)
  }
}

extension DecodedPieces {
  /// All elements of one tensor, made by reading them in order, or what is held of them.
  ///
  /// - Parameter elements: what makes them; at most ``wholeLimit`` bytes.
  /// - Returns: the bytes.
  /// - Throws: what reading throws.
  func whole(of elements: some EncodedElements) throws -> [UInt8] {
    let key = Key(owner: ObjectIdentifier(elements), piece: nil)
    return try withLock { held in
      if let bytes = held.bytes(key) { return bytes }
      let bytes = try [UInt8](unsafeUninitializedCapacity: elements.byteCount) { buffer, count in
        try elements.read(
          0..<elements.byteCount, into: UnsafeMutableRawBufferPointer(buffer))
        count = elements.byteCount
      }
      held.insert(bytes, for: key)
      return bytes
    }
  }
}
