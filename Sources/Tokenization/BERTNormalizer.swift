/// Text as BERT sees it: cleaned, perhaps in small letters without accents, and cut into words.
///
/// Control and format characters, U+0000 and U+FFFD go; blanks are all alike. Words are what blanks
/// separate, and every punctuation mark and Chinese character. Classes of characters are those of
/// Swift's version of Unicode.
///
/// Source: `BasicTokenizer` in `tokenization.py` of Google's BERT (2018), in the order of steps of
/// Hugging Face's `tokenizers`, which keeps unassigned characters.
struct BERTNormalizer: Hashable, Sendable {
  let settings: WordPieceSettings

  /// The words of a text, in UTF-8.
  ///
  /// - Parameter text: bytes; those that are no UTF-8 count as U+FFFD.
  /// - Returns: the words in their order, none empty.
  func words(of text: [UInt8]) -> [[UInt8]] {
    let scalars = String(decoding: text, as: UTF8.self).unicodeScalars
    var (words, word) = ([[UInt8]](), [UInt8]())
    func end() {
      guard !word.isEmpty else { return }
      words.append(word)
      word.removeAll()
    }
    for scalar in normalized(scalars) {
      if scalar.properties.isWhitespace {
        end()
      } else if BERTNormalizer.isPunctuation(scalar) {
        end()
        words.append(Array(UTF8.encode(scalar).map(Array.init) ?? []))
      } else {
        word += UTF8.encode(scalar).map(Array.init) ?? []
      }
    }
    end()
    return words
  }

  private func normalized(_ text: String.UnicodeScalarView) -> [Unicode.Scalar] {
    var result: [Unicode.Scalar] = text.lazy.filter { !BERTNormalizer.isDropped($0) }
      .flatMap(spaced)
    if settings.stripsAccents {
      var whole = String.UnicodeScalarView()
      whole.append(contentsOf: result)
      result = canonicalDecomposition(of: String(whole)).filter {
        $0.properties.generalCategory != .nonspacingMark
      }
    }
    guard settings.lowercases else { return result }
    return result.flatMap { scalar -> [Unicode.Scalar] in
      scalar.isASCII && !("A"..."Z" ~= scalar)
        ? [scalar] : Array(scalar.properties.lowercaseMapping.unicodeScalars)
    }
  }

  /// A character, with blanks around it if it is Chinese.
  private func spaced(_ scalar: Unicode.Scalar) -> [Unicode.Scalar] {
    let isApart = settings.separatesChinese && BERTNormalizer.isChinese(scalar)
    return isApart ? [" ", scalar, " "] : [scalar]
  }

  private static func isDropped(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "\t", "\n", "\r": return false
    case "\0", "\u{FFFD}": return true
    default: break
    }
    switch scalar.properties.generalCategory {
    case .control, .format, .privateUse, .surrogate: return true
    default: return false
    }
  }

  private static func isPunctuation(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E: return true
    default: break
    }
    switch scalar.properties.generalCategory {
    case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation,
      .initialPunctuation, .finalPunctuation, .otherPunctuation:
      return true
    default: return false
    }
  }

  /// Whether a character is of the blocks of CJK unified and compatibility ideographs.
  ///
  /// As in `tokenizers`, the first 256 of extension E are not; Google's code begins at U+2B820.
  private static func isChinese(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x4E00...0x9FFF, 0x3400...0x4DBF, 0x2_0000...0x2_A6DF, 0x2_A700...0x2_B73F,
      0x2_B740...0x2_B81F, 0x2_B920...0x2_CEAF, 0xF900...0xFAFF, 0x2_F800...0x2_FA1F:
      true
    default: false
    }
  }
}
