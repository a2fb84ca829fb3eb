namespace MgcpSipBridge.Host.Api.Documents;

/// <summary>
/// What the protos say about each of their elements. Compiled descriptors have lost it, so the protos travel within the program and are read again: comments stand
/// in the lines before what they are about, and braces nest.
/// </summary>
internal static class ProtoComments
{
    private const string Prefix = "protos/";

    /// <summary>Comments by full name: <c>mgcpsipbridge.v1.Line.number</c>.</summary>
    public static IReadOnlyDictionary<string, string> Read()
    {
        var comments = new Dictionary<string, string>(StringComparer.Ordinal);
        var assembly = typeof(ProtoComments).Assembly;
        foreach (var name in assembly.GetManifestResourceNames().Where(n => n.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
            Read(reader, comments);
        }

        return comments;
    }

    /// <summary>Reads one file.</summary>
    public static void Read(TextReader file, IDictionary<string, string> into)
    {
        var package = "";
        var nesting = new Stack<string?>();
        var comment = new List<string>();
        while (file.ReadLine() is { } raw)
        {
            var line = raw.Trim();
            if (line.StartsWith("//", StringComparison.Ordinal))
            {
                comment.Add(line[2..].Trim());
                continue;
            }

            if (line.StartsWith("package ", StringComparison.Ordinal)) package = line[8..].TrimEnd(';');
            var name = NameOf(line);
            // The fields of a oneof are those of its message.
            var scope = string.Join('.', nesting.Reverse().Where(n => n is not null).Prepend(package));
            if (name is not null && comment.Count > 0) into[$"{scope}.{name}"] = string.Join(' ', comment);
            comment.Clear();
            if (line.EndsWith('{')) nesting.Push(line.StartsWith("oneof ", StringComparison.Ordinal) || line.StartsWith("option ", StringComparison.Ordinal) ? null : name);
            else if (line is "}" or "};" && nesting.Count > 0) nesting.Pop();
        }
    }

    // "message X {", "rpc X(", "  optional int64 x = 1;", "X = 1;", "map<string, int64> x = 8;"
    private static string? NameOf(string line)
    {
        var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words.Length < 2) return null;
        if (words[0] is "message" or "service" or "enum" or "oneof") return words[1];
        if (words[0] == "rpc") return words[1].Split('(')[0];
        if (words[0] is "option" or "import" or "package" or "syntax") return null;
        var equals = Array.IndexOf(words, "=");
        return equals > 0 ? words[equals - 1] : null;
    }
}
