/// Bytes that the objects of a pickle take in memory, what readers of the graph make of them
/// included; rather more than less.
enum PickleCost {
  /// An element of an array of values that grows, a memo's entry included.
  static let item = 36
  /// A dict, a list or a persistent id, without what it holds.
  static let container = 12
  /// An entry of a dict, and one whose value is a dict.
  static let entry = 88
  static let nesting = 200
  /// The first element of a dict or a list.
  static let allocation = 48
  /// What may be a tensor.
  static let call = 250
  /// A text of more bytes than ``shortText``, which lies outside its value, without these.
  static let text = 48
  static let shortText = 15
}
