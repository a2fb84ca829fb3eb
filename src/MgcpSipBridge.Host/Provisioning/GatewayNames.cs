namespace MgcpSipBridge.Host.Provisioning;

/// <summary>Makes names of gateways in lines.yaml's letters, each once. However many are to be called alike, each costs the same.</summary>
internal sealed class GatewayNames
{
    private const int MaxNameChars = 54; // of 63: the rest is for a number
    private readonly HashSet<string> _taken = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _next = new(StringComparer.Ordinal);

    /// <summary>A name made of a text, that nobody has: the next of that name gets a number.</summary>
    public string Take(string text)
    {
        var name = Plain(text);
        if (_taken.Add(name)) return name;
        var number = _next.GetValueOrDefault(name, 2);
        string numbered;
        do numbered = $"{name}-{number++}";
        while (!_taken.Add(numbered));
        _next[name] = number;
        return numbered;
    }

    /// <summary>A text in the letters that names may have; never empty.</summary>
    public static string Plain(string text)
    {
        var name = string.Concat(text.Trim('[', ']').Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' ? c : '-')).TrimStart('.', '_', '-');
        if (name.Length > MaxNameChars) name = name[..MaxNameChars];
        return name.Length == 0 ? "gateway" : name;
    }
}
