/// What each rule of the schema finds wrong with one dataset.
extension FoundDataset {
  /// R1: the types every reader understands.
  var typeFaults: [String] {
    if case .other(let words) = type { ["holds \(words)"] } else { [] }
  }

  /// R2: one attached scale for each dimension; a scale has one dimension and no scale.
  var scaleCountFaults: [String] {
    let rank = (extents ?? []).count
    if isScale { return rank == 1 ? [] : ["is a scale with \(rank) dimensions"] }
    return scales.enumerated().compactMap { index, scales in
      guard let scales else { return "dimension \(index) has a scale that is not attached to it" }
      return scales.count == 1 ? nil : "dimension \(index) has \(scales.count) scales"
    }
  }

  /// R3: a scale is called what it is named, and lies beside what it labels, as long as it.
  func scaleNameFaults(in file: FoundFile) -> [String] {
    if let scaleName { return scaleName == name ? [] : ["calls itself scale '\(scaleName)'"] }
    return zip(scales, extents ?? []).compactMap { scales, extent in
      guard let scales, scales.count == 1, let address = scales.first else { return nil }
      guard let path = file.paths[address], let scale = file.dataset(at: path),
        scale.folder == folder
      else { return "is labelled from outside its group" }
      return scale.extents == [extent]
        ? nil : "\(extent) elements along '\(scale.name)', which has \(scale.extents ?? [])"
    }
  }

  /// R3: further labels are variables of the same group over some of the same dimensions.
  func coordinateFaults(in file: FoundFile) -> [String] {
    let words = attributes["coordinates"]?.text?.split(separator: " ") ?? []
    return words.compactMap { word in
      guard let label = file.dataset(at: folder + word) else {
        return "coordinates name '\(word)', which its group does not hold"
      }
      if label.isScale { return "coordinates name '\(word)', which is a scale" }
      // Without its own scales, which R2 asks for, nothing can be said of their agreement.
      guard let along = dimensions, let labelled = label.dimensions else { return nil }
      return labelled.isSubset(of: along)
        ? nil : "coordinates name '\(word)', which has other dimensions"
    }
  }

  /// The addresses of the scales, if each dimension has exactly one.
  private var dimensions: Set<UInt>? {
    let single = scales.compactMap { $0?.count == 1 ? $0?.first : nil }
    return single.count == scales.count ? Set(single) : nil
  }

  /// R4: the elements are there, in this file.
  var storageFaults: [String] {
    [
      extents == nil ? "has a null dataspace" : nil,
      foreignStorage.map { "lies in \($0)" },
    ].compactMap { $0 }
  }

  /// R5: 8-bit integers are categories, each code with a word.
  var flagFaults: [String] {
    guard type == .known(.int8) else { return [] }
    guard case .int8(let allowed)? = attributes["flag_values"]?.values else {
      return ["has no 8-bit flag_values"]
    }
    guard let meanings = attributes["flag_meanings"]?.text?.split(separator: " ") else {
      return ["has no flag_meanings"]
    }
    if meanings.count != allowed.count {
      return ["has \(allowed.count) flag_values and \(meanings.count) flag_meanings"]
    }
    guard case .int8(let codes)? = values else { return [] }
    return Set(codes).subtracting(allowed).sorted().map { "code \($0) has no meaning" }
  }

  /// R6: attributes of known types, but for those that HDF5, netCDF and CF define otherwise.
  var attributeFaults: [String] {
    attributes.flatMap { attribute -> [String] in
      switch attribute.name {
      case "CLASS", "NAME", "REFERENCE_LIST": isScale ? [] : attribute.faults
      case "DIMENSION_LIST": isScale ? attribute.faults : []
      case "flag_values": attribute.type == type && type == .known(.int8) ? [] : attribute.faults
      case "_FillValue": []
      default: attribute.faults
      }
    }
  }

  /// R7: a long name for all, units for numbers, and none that a reader takes for time spans.
  var wordFaults: [String] {
    let hasName = attributes["long_name"]?.text?.isEmpty == false
    let name = hasName ? [] : ["has no long_name"]
    guard type != .known(.text) else { return name }
    guard let units = attributes["units"]?.text, !units.isEmpty else {
      return name + ["has no units"]
    }
    return name + (Name.ofTimeSpans.contains(units) ? ["has units '\(units)', a time span"] : [])
  }

  /// R8: floats are NaN where nothing was written and say so; nothing else has `_FillValue`.
  var fillFaults: [String] {
    let attribute = attributes["_FillValue"]
    guard case .known(let known) = type, known.isFloat else {
      return attribute == nil ? [] : ["has a _FillValue, which turns it into floats"]
    }
    let fill = fillIsNaN ? [] : ["has a fill value other than NaN"]
    guard let attribute else { return fill + ["has no _FillValue"] }
    guard attribute.type == type, attribute.extents == [1],
      case .float64(let values)? = attribute.values, values.allSatisfy(\.isNaN)
    else { return fill + ["has a _FillValue that is not one NaN of its own type"] }
    return fill
  }

  /// R10: no name that hides behind a method of the reader.
  var nameFaults: [String] {
    Name.ofReaderMethods.contains(name) ? ["has the name of an xarray method"] : []
  }

  /// R11: no absolute paths in attributes, and no text that starts with one.
  ///
  /// Variables with the attribute `content = "language"` are what people or models wrote.
  func pathFaults(in file: FoundFile) -> [String] {
    let faults = attributes.flatMap { $0.pathFaults(in: file) }
    guard !file.recordsPaths, attributes["content"]?.text != "language",
      case .text(let texts)? = values
    else { return faults }
    let paths = texts.compactMap(UserPath.leading).filter { !file.holds($0) }
    return faults + paths.map { "tells the path '\($0)'" }
  }
}
