/// A part of a file that is a file of its own kind, such as one archive among several.
struct FileSection {
  let file: InputFile
  /// Where it lies in the file.
  let range: Range<Int>

  /// A whole file.
  init(_ file: InputFile) { (self.file, range) = (file, 0..<file.byteCount) }

  /// A part of a file.
  ///
  /// - Precondition: the range lies within the file.
  init(_ file: InputFile, _ range: Range<Int>) { (self.file, self.range) = (file, range) }

  var path: String { file.path }
  var byteCount: Int { range.count }

  /// A copy of bytes, counted from the section's first.
  func copy(_ part: Range<Int>) throws -> [UInt8] { try file.copy(whole(part)) }

  /// Where in the file bytes of the section are.
  func whole(_ part: Range<Int>) -> Range<Int> {
    range.lowerBound + part.lowerBound..<range.lowerBound + part.upperBound
  }
}
