/// The named weights of a model, wherever they come from: one file, or a mixture of several.
///
/// Models take their weights from here and know nothing of files.
public protocol StateDict: Sendable {
  /// What to call the weights in messages.
  var path: String { get }
  /// Canonical names, as ``ParameterName`` has them, each once.
  var names: [TensorName] { get }

  /// The shape of a tensor, or `nil` if there is none of that name.
  func shape(of name: TensorName) -> Shape?

  /// Reads elements of a tensor, each rounded once to binary32.
  ///
  /// Several threads may read at once.
  ///
  /// - Parameters:
  ///   - name: one of ``names``.
  ///   - elements: positions in row-major order.
  ///   - target: takes them; as long as the range.
  /// - Throws: if they cannot be read.
  func read(
    _ name: TensorName, elements: Range<Int>, into target: UnsafeMutableBufferPointer<Float>
  ) throws
}
