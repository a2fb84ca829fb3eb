using System.Text.Json.Nodes;

namespace MgcpSipBridge.Host.Provisioning.Import;

/// <summary>
/// Reads tables of lines by the names of their columns, never by their places: those of the mapping first, then those that are known. CUCM's tables differ from
/// release to release, which is why none of them is known by its places.
/// </summary>
internal sealed class CsvImport
{
    private const int MostColumns = 2000;
    private readonly ImportReport _report = new();
    private readonly ImportDefaults _defaults;
    private readonly bool _cucm;
    private readonly Dictionary<string, int> _columns = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _gateways = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<(string Domain, string Endpoint), int> _endpoints = [];
    private readonly GatewayNames _names = new();
    private int _width;

    private CsvImport(ImportDefaults defaults, bool cucm) => (_defaults, _cucm) = (defaults, cucm);

    /// <summary>What the table comes to.</summary>
    public static ImportReport Read(string text, ImportDefaults defaults, bool cucm)
    {
        var import = new CsvImport(defaults, cucm);
        var report = import._report;
        var headed = false;
        foreach (var row in CsvTable.Read(text.StartsWith('\ufeff') ? text[1..] : text, Delimiter(text)))
        {
            if (row.Problem is { } problem) report.Say(row.Line, "", "", ImportOutcome.Problem, problem);
            if (row.Fields.Count == 0) return report;
            if (!headed)
            {
                headed = true;
                if (!import.Header(row.Fields)) return report;
            }
            else if (report.HasRoom(row.Line)) import.Row(row);
            else return report;
        }

        if (!headed) report.Say(0, "", "", ImportOutcome.Problem, "the table is empty: its first row has to name the columns");
        return report;
    }

    // Of the three that are in use, the one that the first row has most of.
    private static char Delimiter(string text)
    {
        var end = text.IndexOfAny(['\r', '\n']);
        var first = end < 0 ? text : text[..end];
        return ((char[])[',', ';', '\t']).MaxBy(d => first.Count(c => c == d));
    }

    private bool Header(IReadOnlyList<string> header)
    {
        if (header.Count > MostColumns)
        {
            _report.Say(1, "", "", ImportOutcome.Problem, $"more than {MostColumns} columns");
            return false;
        }

        _width = header.Count;
        var places = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < header.Count; i++)
            if (!places.TryAdd(CsvColumns.Canonical(header[i]), i)) _report.Say(1, "", header[i], ImportOutcome.Problem, "is there twice: the first one is taken");
        var good = true;
        foreach (var (field, column) in _defaults.Mapping)
        {
            if (column.Length == 0 && CsvColumns.Fields.Contains(field)) continue;
            if (!CsvColumns.Fields.Contains(field)) _report.Say(0, "", field, ImportOutcome.Problem, $"there is no field \"{field}\" to map; there are {string.Join(", ", CsvColumns.Fields)}");
            else if (!places.TryGetValue(CsvColumns.Canonical(column), out var at)) _report.Say(1, "", column, ImportOutcome.Problem, $"there is no such column, which the mapping wants for {field}");
            else
            {
                _columns[field] = at;
                continue;
            }

            good = false;
        }

        foreach (var (field, known) in CsvColumns.Known(_cucm))
            if (!_columns.ContainsKey(field) && !_defaults.Mapping.ContainsKey(field) && known.Select(k => places.GetValueOrDefault(k, -1)).FirstOrDefault(at => at >= 0, -1) is >= 0 and var at && !_columns.ContainsValue(at)) _columns[field] = at;
        for (var i = 0; i < header.Count; i++)
        {
            var fields = _columns.Where(c => c.Value == i).Select(c => c.Key).ToList();
            _report.Say(1, "", header[i], fields.Count > 0 ? ImportOutcome.Mapped : ImportOutcome.NoCounterpart, fields.Count > 0 ? string.Join(" and ", fields) : "nothing here is called so; map it (FIELD=COLUMN) if it is one of ours");
        }

        foreach (var needed in (string[])["number", "endpoint"])
            if (!_columns.ContainsKey(needed) && !(needed == "endpoint" && _columns.ContainsKey("port")))
            {
                _report.Say(1, "", needed, ImportOutcome.Problem, $"no column has the {needed}: map it ({needed}=COLUMN)");
                good = false;
            }

        return good;
    }

    private void Row(CsvRow row)
    {
        var line = row.Line;
        string Field(string name) => _columns.TryGetValue(name, out var at) && at < row.Fields.Count ? row.Fields[at] : "";
        var number = Field("number").Replace("\\+", "+", StringComparison.Ordinal);
        // Not what they say: a password that was not put in quotes may go on in them.
        if (row.Fields.Skip(_width).Count(field => field.Length > 0) is > 0 and var more)
            _report.Say(line, number, "", ImportOutcome.Problem, $"has {more} more field{(more == 1 ? "" : "s")} than the header names, which {(more == 1 ? "is" : "are")} left out: does one with a separator in it lack its quotes?");
        var endpoint = Field("endpoint");
        var domain = Field("domain");
        if (endpoint.IndexOf('@') is > 0 and var cut) (endpoint, domain) = (endpoint[..cut], domain.Length > 0 ? domain : endpoint[(cut + 1)..]);
        if (endpoint.Length == 0 && Field("port") is { Length: > 0 } port) endpoint = CsvColumns.Endpoint(Field("slot"), Field("subunit"), port);
        if (number.Length == 0 && endpoint.Length == 0) return;
        var gateway = Field("gateway");
        if (domain.Length == 0) domain = _defaults.Domains.GetValueOrDefault(gateway, gateway);
        foreach (var (what, value) in (ReadOnlySpan<(string, string)>)[("number", number), ("endpoint", endpoint), ("domain", domain)])
            if (value.Length == 0)
            {
                _report.Say(line, number, what, ImportOutcome.Problem, "is empty: the row is left out");
                return;
            }

        // RFC 4180 lets a field in quotes go on in the next line; none of ours does.
        if (_columns.FirstOrDefault(column => column.Value < row.Fields.Count && row.Fields[column.Value].AsSpan().ContainsAny('\r', '\n')).Key is { } broken)
        {
            _report.Say(line, number.Split('\n')[0].TrimEnd(), broken, ImportOutcome.Problem, "goes over the end of its line: is a quote not closed? The row is left out");
            return;
        }

        var key = new ResourceKey(ResourceKind.Line, number);
        if (_report.Find(key) is not null)
        {
            _report.Say(line, number, "number", ImportOutcome.Problem, "is there twice: the first one is taken");
            return;
        }

        if (!_endpoints.TryAdd((domain.ToLowerInvariant(), endpoint.ToLowerInvariant()), line))
        {
            var first = _endpoints[(domain.ToLowerInvariant(), endpoint.ToLowerInvariant())];
            _report.Say(line, number, "endpoint", ImportOutcome.Problem, $"{endpoint} of {domain} is there twice: the first one, in line {first}, is taken");
            return;
        }

        var body = new JsonObject { ["endpoint"] = endpoint, ["number"] = number };
        foreach (var name in (ReadOnlySpan<string>)["displayName", "username", "password"])
            if (Field(name) is { Length: > 0 } value) body[name] = value;
        if ((Field("peer") is { Length: > 0 } named ? named : _defaults.Peer) is { Length: > 0 } peer) body["peer"] = peer;
        else _report.Say(line, number, "peer", ImportOutcome.Problem, "nobody says which peer the line belongs to");
        if (Features(Field, line, number) is { Count: > 0 } features) body["features"] = features;
        _report.Add(new KeptResource(key, Gateway(gateway, domain, Field("address"), Field("profile")), body, 0));
    }

    private JsonObject Features(Func<string, string> field, int line, string number)
    {
        var features = new JsonObject();
        foreach (var name in CsvColumns.Numbers)
            if (field(name) is { Length: > 0 } value) features[name] = value.Replace("\\+", "+", StringComparison.Ordinal);
        foreach (var name in CsvColumns.Flags)
        {
            var value = field(name);
            if (value.Length == 0 || value.Equals("default", StringComparison.OrdinalIgnoreCase)) continue;
            if (CsvColumns.Flag(value) is { } flag) features[name] = flag;
            else _report.Say(line, number, name, ImportOutcome.Problem, $"\"{value}\" is neither yes nor no; it is left as it is by default");
        }

        return features;
    }

    private string Gateway(string name, string domain, string address, string profile)
    {
        if (_gateways.TryGetValue(domain, out var known)) return known;
        var isThere = name.Length > 0 ? _defaults.Domains.ContainsKey(name) : _defaults.Names.ContainsKey(domain);
        known = isThere && name.Length == 0 ? _defaults.Names[domain] : _names.Take(name.Length > 0 ? name : domain);
        var body = new JsonObject { ["name"] = known, ["domain"] = domain };
        if (address.Length > 0) body["address"] = address;
        if (profile.Length > 0) body["profile"] = profile.ToLowerInvariant();
        else if (_cucm && !isThere) body["profile"] = "cisco";
        _report.Add(new KeptResource(new ResourceKey(ResourceKind.Gateway, known), "", body, 0));
        return _gateways[domain] = known;
    }
}
