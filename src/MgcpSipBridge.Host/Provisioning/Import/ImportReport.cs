namespace MgcpSipBridge.Host.Provisioning.Import;

/// <summary>What became of something in a file of another system.</summary>
internal enum ImportOutcome
{
    /// <summary>It is in the result.</summary>
    Mapped,

    /// <summary>It is not needed, or works by itself here.</summary>
    Ignored,

    /// <summary>The bridge has nothing like it.</summary>
    NoCounterpart,

    /// <summary>It cannot be taken over as it stands.</summary>
    Problem,
}

/// <summary>What became of one thing.</summary>
/// <param name="Line">Line of the file, from 1; 0 for the file as a whole.</param>
/// <param name="Subject">What it is about: a section, a gateway, a line's number; empty for the file.</param>
/// <param name="Option">Its name in the file.</param>
/// <param name="Outcome">What became of it.</param>
/// <param name="Text">What it is here, or why it is nothing.</param>
internal sealed record ImportRemark(int Line, string Subject, string Option, ImportOutcome Outcome, string Text);

/// <summary>What the file does not say itself.</summary>
/// <param name="Peer">The peer that lines belong to where the file names none; empty for none.</param>
/// <param name="Mapping">Our fields with the columns that hold them, "" for none; goes before what is known.</param>
internal sealed record ImportDefaults(string Peer, IReadOnlyDictionary<string, string> Mapping)
{
    /// <summary>Domains of the gateways that are there already, by name.</summary>
    public IReadOnlyDictionary<string, string> Domains { get; private init; } = new Dictionary<string, string>();

    /// <summary>Their names, by domain.</summary>
    public IReadOnlyDictionary<string, string> Names { get; private init; } = new Dictionary<string, string>();

    /// <summary>The same beside gateways that are there already: what is said of one of them means it, by whichever of its names.</summary>
    public ImportDefaults Beside(IEnumerable<GatewayConfig> gateways)
    {
        var (domains, names) = (new Dictionary<string, string>(StringComparer.Ordinal), new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase));
        foreach (var gateway in gateways)
            if (gateway is { Name: { } name, Domain: { } domain } && names.TryAdd(domain, name)) domains[name] = domain;
        return this with { Domains = domains, Names = names };
    }
}

/// <summary>What a file of another system comes to: resources in lines.yaml's shape, and a remark about everything that stands in it.</summary>
internal sealed class ImportReport
{
    /// <summary>Remarks that are kept at most; more are counted.</summary>
    public const int MostRemarks = 10_000;

    /// <summary>Gateways and lines at most; whoever has more has made a mistake, or means harm.</summary>
    public const int MostResources = 200_000;

    private readonly List<ImportRemark> _remarks = [];
    private readonly Dictionary<ResourceKey, KeptResource> _resources = [];

    /// <summary>All remarks that are kept, as the file goes.</summary>
    public IReadOnlyList<ImportRemark> Remarks => _remarks;

    /// <summary>Remarks that are not.</summary>
    public int LeftOut { get; private set; }

    /// <summary>The resources, gateways before their lines.</summary>
    public IReadOnlyCollection<KeptResource> Resources => _resources.Values;

    /// <summary>Whether there is room for another resource; a problem where there is not.</summary>
    public bool HasRoom(int line)
    {
        if (_resources.Count < MostResources) return true;
        Say(line, "", "", ImportOutcome.Problem, $"more than {MostResources} gateways and lines: the rest is left out");
        return false;
    }

    /// <summary>Says what became of something.</summary>
    public void Say(int line, string subject, string option, ImportOutcome outcome, string text)
    {
        if (_remarks.Count < MostRemarks) _remarks.Add(new ImportRemark(line, subject, option, outcome, text));
        else LeftOut++;
    }

    /// <summary>Adds a resource; of two of one name the first stays.</summary>
    public void Add(KeptResource resource) => _resources.TryAdd(resource.Key, resource);

    /// <summary>A resource that was added.</summary>
    public KeptResource? Find(ResourceKey key) => _resources.GetValueOrDefault(key);
}
