using System.Collections.Immutable;

namespace MgcpSipBridge.Host.Provisioning;

/// <summary>
/// What a reader of very many items keeps from one to the next, so that a hundred thousand of them leave little behind: whatever a collector finds it stops calls for. Texts,
/// lists and layouts that come again are there once. One reader at a time works in it.
/// </summary>
internal sealed class ReadingRoom
{
    private const int Kept = 1024;
    private const int LongestText = 32;
    private readonly string?[] _texts = new string?[Kept];
    private readonly ImmutableArray<string>[] _lists = new ImmutableArray<string>[Kept];
    private readonly FieldPlace[]?[] _layouts = new FieldPlace[]?[Kept];
    private readonly List<YamlTree.Scalar> _scalars = [];
    private readonly List<YamlTree.Mapping> _mappings = [];
    private readonly List<YamlTree.Sequence> _sequences = [];
    private int _scalarsUsed;
    private int _mappingsUsed;
    private int _sequencesUsed;

    /// <summary>A text.</summary>
    public string Text(ReadOnlySpan<char> text)
    {
        if (text.IsEmpty) return "";
        if (text.Length > LongestText) return text.ToString();
        var sum = (uint)text.Length;
        foreach (var symbol in text) sum = (sum * 31) + symbol;
        ref var known = ref _texts[Place(sum)];
        return known is not null && text.SequenceEqual(known) ? known : known = text.ToString();
    }

    /// <summary>A list of texts.</summary>
    public ImmutableArray<string> List(ReadOnlySpan<string> texts)
    {
        if (texts.IsEmpty) return [];
        var sum = (uint)texts.Length;
        foreach (var text in texts) sum = (sum * 31) + (uint)text.Length + (text.Length > 0 ? text[^1] : 0u);
        ref var known = ref _lists[Place(sum)];
        return !known.IsDefault && texts.SequenceEqual(known.AsSpan()) ? known : known = [.. texts];
    }

    /// <summary>Where the fields of a resource stand.</summary>
    public FieldPlace[] Layout(ReadOnlySpan<FieldPlace> fields)
    {
        var sum = (uint)fields.Length;
        foreach (ref readonly var field in fields) sum = (sum * 31) + (uint)((field.Line * 127) + field.Column);
        ref var known = ref _layouts[Place(sum)];
        return known is not null && fields.SequenceEqual(known) ? known : known = fields.ToArray();
    }

    /// <summary>A node, which is another's from the next <see cref="Clear"/> on.</summary>
    public YamlTree.Scalar Scalar(Configuration.Place place, string text, bool plain)
    {
        if (_scalarsUsed == _scalars.Count) _scalars.Add(new YamlTree.Scalar(place, text, plain));
        return _scalars[_scalarsUsed++].As(place, text, plain);
    }

    /// <summary>The same.</summary>
    public YamlTree.Mapping Mapping(Configuration.Place place)
    {
        if (_mappingsUsed == _mappings.Count) _mappings.Add(new YamlTree.Mapping(place, []));
        return _mappings[_mappingsUsed++].As(place);
    }

    /// <summary>The same.</summary>
    public YamlTree.Sequence Sequence(Configuration.Place place)
    {
        if (_sequencesUsed == _sequences.Count) _sequences.Add(new YamlTree.Sequence(place, []));
        return _sequences[_sequencesUsed++].As(place);
    }

    /// <summary>Nobody has a node any more.</summary>
    public void Clear() => (_scalarsUsed, _mappingsUsed, _sequencesUsed) = (0, 0, 0);

    private static int Place(uint sum) => (int)((sum ^ (sum >> 10)) % Kept);
}
