// The standard library decomposes text for comparison, and shows how under this name only;
// Foundation, which does too, would make the program several times as large.
@_spi(_Unicode) import Swift

/// Text with every character taken apart into its base and its marks, in canonical order.
///
/// Source: The Unicode Standard, section 3.11, normalization form D.
func canonicalDecomposition(of text: String) -> [Unicode.Scalar] { Array(text._nfd) }
