using System.Collections.Immutable;
using MgcpSipBridge.SansIo;

namespace MgcpSipBridge.Mgcp;

/// <summary>A gateway as seen now.</summary>
/// <param name="Name">Its configured name.</param>
/// <param name="State">Whether it answers.</param>
/// <param name="Address">Where commands go; null while unknown.</param>
/// <param name="Traits">What was presumed and learnt about it.</param>
/// <param name="PendingTransactions">Commands that wait for an answer, or for their turn at a gateway that is overloaded.</param>
public sealed record GatewayStatus(string Name, GatewayState State, NetAddress? Address, GatewayTraits Traits, int PendingTransactions)
{
    /// <summary>
    /// Whether it said that it is overloaded (409, or 101; RFC 3435 §4.4.8), so that commands go to it a few at a time until it has recovered.
    /// </summary>
    public bool IsThrottled { get; init; }

    /// <summary>When it last sent anything that was taken; null for never.</summary>
    public Instant? LastHeard { get; init; }

    /// <summary>
    /// Where it is by the configuration; null when that leaves it to be learnt. <see cref="Address"/> has another port when the gateway did not answer there, but
    /// speaks from that one.
    /// </summary>
    public NetAddress? ConfiguredAddress { get; init; }
}

/// <summary>From where the answer to a command is taken.</summary>
public enum ResponseSource
{
    /// <summary>Only from the address and port that the command went to, until it has answered from another port of that host twice.</summary>
    Exact,

    /// <summary>From any port of the host that the command went to.</summary>
    SameHost,

    /// <summary>From anywhere, as RFC 3435 §3.5 allows: then only the unpredictable transaction id protects from forged answers.</summary>
    Anywhere,
}

/// <summary>How a gateway speaks: preset by its profile, then learnt.</summary>
public sealed record GatewayTraits
{
    /// <summary>What a profile presumes of a gateway that has not spoken.</summary>
    public static GatewayTraits Preset(MgcpProfile profile) => Profiles.Traits(profile);

    /// <summary>Version text after the endpoint name: <c>MGCP 1.0</c>, <c>MGCP 1.0 NCS 1.0</c>; what it wrote last.</summary>
    public string Version { get; init; } = "MGCP 1.0";

    /// <summary>Whether it takes a digit map and reports whole numbers; else every digit is reported.</summary>
    public bool DigitMaps { get; init; } = true;

    /// <summary>Longest digit map that it is given, in bytes; longer ones are given in a coarser form, and this side decides. RFC 3435 §2.1.5 recommends 2048 at least.</summary>
    public int MaxDigitMapBytes { get; init; } = DigitMap.RecommendedMaxBytes;

    /// <summary>How it reads digit maps otherwise than RFC 3435 §2.1.5 says.</summary>
    public DigitMapQuirks DigitMapQuirks { get; init; }

    /// <summary>Package of DTMF digits in requests: <c>D</c>, or <c>L</c> for NCS.</summary>
    public string DigitPackage { get; init; } = "D";

    /// <summary>Package of ringback and congestion tones: <c>G</c>, or <c>L</c> for NCS.</summary>
    public string CallProgressPackage { get; init; } = "G";

    /// <summary>Whether several messages may go into one datagram (RFC 3435 §3.5.5).</summary>
    public bool Piggyback { get; init; }

    /// <summary>Whether a NotificationRequest may ride in CRCX, MDCX and DLCX.</summary>
    public bool EncapsulatedRequests { get; init; } = true;

    /// <summary>Whether caller id (<c>L/ci</c>) is taken.</summary>
    public bool CallerId { get; init; } = true;

    /// <summary>Whether tones are on/off signals here and need an explicit stop (<c>L/dl(-)</c>).</summary>
    public bool ExplicitToneStop { get; init; }

    /// <summary>Whether it takes <c>Q: process,loop</c> (RFC 3435 §2.3.3, QuarantineHandling) where a request asks for it.</summary>
    public bool LoopMode { get; init; } = true;

    /// <summary>
    /// Whether it refuses a request that supposes the hook where it is not (401, 402; RFC 3435 §4.4.2); null while that is not known. One that does not is asked
    /// for its hook state after every turn, for what happens on the hook between its report and our request is lost without a word.
    /// </summary>
    public bool? ChecksHook { get; init; }

    /// <summary>Whether our commands confirm its answers (K:, RFC 3435 §3.5.2). Optional, and gateways of RFC 2705's days refuse it, so it is never presumed.</summary>
    public bool ConfirmAnswers { get; init; }

    /// <summary>From where its answers are taken.</summary>
    public ResponseSource Answers { get; init; }

    /// <summary>
    /// Whether an endpoint gets its next request or connection command only when the one before is answered, where RFC 3435 §4.4.4 lets several be on their way:
    /// some gateways mix them up (D-Link DPH-100M, Cisco IAD2421).
    /// </summary>
    public bool OneAtATime { get; init; }

    /// <summary>
    /// Whether connection commands repeat who is to be notified (N:, RFC 3435 §2.1.4: a gateway tells whoever it was told last). osmo-mgw refuses what it does not use
    /// (539); then only requests say it.
    /// </summary>
    public bool EntityInConnections { get; init; } = true;

    /// <summary>Whether it takes bulk audits (package BA, RFC 3624): learnt where its capabilities list the package.</summary>
    public bool BulkAudit { get; init; }

    /// <summary>Whether it takes an embedded NotificationRequest (action E) where a request has one.</summary>
    public bool EmbeddedRequests { get; init; } = true;

    /// <summary>Whether it takes DetectEvents (T:) where a request has them.</summary>
    public bool DetectEvents { get; init; } = true;

    /// <summary>Whether it takes PersistentEvents (B/PR:) where a request has them.</summary>
    public bool PersistentEvents { get; init; } = true;

    /// <summary>
    /// Whether its lines' hooks are watched persistently (B/PR: L/hd, L/hu, L/hf; RFC 3435 Appendix B.2.1) instead of only while a request asks: then a gateway that
    /// does not check requests against the hook loses no turn of it between its report and our request, and need not be asked. Learnt where its capabilities list
    /// the base package B.
    /// </summary>
    public bool PersistentHook { get; init; }

    /// <summary>Package of names that have none: the first that its capabilities list (RFC 3435 §2.1.6).</summary>
    public string DefaultPackage { get; init; } = "L";

    /// <summary>Package in which its lines are served: L, BL (RFC 3064) or H.</summary>
    public string LinePackage { get; init; } = "L";

    /// <summary>
    /// Packages that it says it has, with versions, in its order: <c>L:1;G:1;D:0</c> (PackageList, RFC 3435 §3.2.2.13); empty while it has not said. Names of other
    /// packages are not sent to it.
    /// </summary>
    public string Packages { get; init; } = "";

    /// <summary>Names that it refused (512, 513, 518, 522): not sent again. <c>G/it(-)</c> is a stop of G/it.</summary>
    public ImmutableHashSet<string> RefusedNames { get; init; } = [];

    /// <summary>Whether it speaks PackageCable's NCS.</summary>
    internal bool IsNcs => Version.Contains("NCS", StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether it is of RFC 2705's days: packages have version 0, and some response codes other meanings.</summary>
    internal bool IsOld => Version.StartsWith("MGCP 0", StringComparison.OrdinalIgnoreCase);

    /// <summary>The version of a package that it listed; null when it did not.</summary>
    internal int? VersionOf(ReadOnlySpan<char> package)
    {
        foreach (var range in Packages.AsSpan().Split(';'))
        {
            var entry = Packages.AsSpan(range);
            var colon = entry.IndexOf(':');
            if (colon > 0 && entry[..colon].Equals(package, StringComparison.OrdinalIgnoreCase) && int.TryParse(entry[(colon + 1)..], out var version)) return version;
        }

        return null;
    }

    /// <summary>Whether it may have a package, for all that it said.</summary>
    internal bool MayHave(ReadOnlySpan<char> package) => Packages.Length == 0 || package.IsEmpty || VersionOf(package) is not null;

    /// <summary>Whether a signal of package L, or of the one that its lines are in instead, can be given a length (<c>to=</c>, RFC 3435 §3.2.2.4).</summary>
    public bool TakesTimeOut(string signal)
    {
        ArgumentNullException.ThrowIfNull(signal);
        return PackageVocabulary.Find(signal.StartsWith("L/", StringComparison.OrdinalIgnoreCase) ? LinePackage + signal[1..] : signal, this) is { } symbol && symbol.Takes("to");
    }

    /// <summary>Whether it refused a name, or said that it does not have the package.</summary>
    internal bool Refuses(string name)
    {
        if (RefusedNames.Count > 0 && RefusedNames.Contains(name)) return true;
        var slash = name.IndexOf('/', StringComparison.Ordinal);
        if (slash <= 0) return false;
        // A list without the package that its lines live by is not believed.
        var package = name.AsSpan(0, slash);
        return !MayHave(package) && !package.Equals(LinePackage, StringComparison.OrdinalIgnoreCase) && !package.Equals(DigitPackage, StringComparison.OrdinalIgnoreCase);
    }
}

/// <summary>Single traits that the operator decides for one gateway, whatever its profile presumes and whatever is learnt; null leaves a trait to them.</summary>
public sealed record TraitOverrides
{
    /// <summary>See <see cref="GatewayTraits.Version"/>.</summary>
    public string? Version { get; init; }

    /// <summary>See <see cref="GatewayTraits.DigitMaps"/>.</summary>
    public bool? DigitMaps { get; init; }

    /// <summary>See <see cref="GatewayTraits.MaxDigitMapBytes"/>; at least 32.</summary>
    public int? MaxDigitMapBytes { get; init; }

    /// <summary>See <see cref="GatewayTraits.DigitMapQuirks"/>.</summary>
    public DigitMapQuirks? DigitMapQuirks { get; init; }

    /// <summary>See <see cref="GatewayTraits.DigitPackage"/>.</summary>
    public string? DigitPackage { get; init; }

    /// <summary>See <see cref="GatewayTraits.CallProgressPackage"/>.</summary>
    public string? CallProgressPackage { get; init; }

    /// <summary>See <see cref="GatewayTraits.Piggyback"/>.</summary>
    public bool? Piggyback { get; init; }

    /// <summary>See <see cref="GatewayTraits.EncapsulatedRequests"/>.</summary>
    public bool? EncapsulatedRequests { get; init; }

    /// <summary>See <see cref="GatewayTraits.CallerId"/>.</summary>
    public bool? CallerId { get; init; }

    /// <summary>See <see cref="GatewayTraits.ExplicitToneStop"/>.</summary>
    public bool? ExplicitToneStop { get; init; }

    /// <summary>See <see cref="GatewayTraits.LoopMode"/>.</summary>
    public bool? LoopMode { get; init; }

    /// <summary>See <see cref="GatewayTraits.ConfirmAnswers"/>.</summary>
    public bool? ConfirmAnswers { get; init; }

    /// <summary>See <see cref="GatewayTraits.Answers"/>.</summary>
    public ResponseSource? Answers { get; init; }

    /// <summary>See <see cref="GatewayTraits.OneAtATime"/>.</summary>
    public bool? OneAtATime { get; init; }

    /// <summary>See <see cref="GatewayTraits.EntityInConnections"/>.</summary>
    public bool? EntityInConnections { get; init; }

    /// <summary>See <see cref="GatewayTraits.BulkAudit"/>.</summary>
    public bool? BulkAudit { get; init; }

    /// <summary>See <see cref="GatewayTraits.EmbeddedRequests"/>.</summary>
    public bool? EmbeddedRequests { get; init; }

    /// <summary>See <see cref="GatewayTraits.DetectEvents"/>.</summary>
    public bool? DetectEvents { get; init; }

    /// <summary>See <see cref="GatewayTraits.PersistentEvents"/>.</summary>
    public bool? PersistentEvents { get; init; }

    /// <summary>See <see cref="GatewayTraits.PersistentHook"/>.</summary>
    public bool? PersistentHook { get; init; }

    /// <summary>See <see cref="GatewayTraits.DefaultPackage"/>.</summary>
    public string? DefaultPackage { get; init; }

    /// <summary>See <see cref="GatewayTraits.LinePackage"/>.</summary>
    public string? LinePackage { get; init; }

    /// <summary>See <see cref="GatewayTraits.Packages"/>.</summary>
    public string? Packages { get; init; }

    /// <summary>The traits as decided here, the others as they are.</summary>
    public GatewayTraits Apply(GatewayTraits traits)
    {
        ArgumentNullException.ThrowIfNull(traits);
        return traits with
        {
            Version = Version ?? traits.Version,
            DigitMaps = DigitMaps ?? traits.DigitMaps,
            MaxDigitMapBytes = MaxDigitMapBytes ?? traits.MaxDigitMapBytes,
            DigitMapQuirks = DigitMapQuirks ?? traits.DigitMapQuirks,
            DigitPackage = DigitPackage ?? traits.DigitPackage,
            CallProgressPackage = CallProgressPackage ?? traits.CallProgressPackage,
            Piggyback = Piggyback ?? traits.Piggyback,
            EncapsulatedRequests = EncapsulatedRequests ?? traits.EncapsulatedRequests,
            CallerId = CallerId ?? traits.CallerId,
            ExplicitToneStop = ExplicitToneStop ?? traits.ExplicitToneStop,
            LoopMode = LoopMode ?? traits.LoopMode,
            ConfirmAnswers = ConfirmAnswers ?? traits.ConfirmAnswers,
            Answers = Answers ?? traits.Answers,
            OneAtATime = OneAtATime ?? traits.OneAtATime,
            EntityInConnections = EntityInConnections ?? traits.EntityInConnections,
            BulkAudit = BulkAudit ?? traits.BulkAudit,
            EmbeddedRequests = EmbeddedRequests ?? traits.EmbeddedRequests,
            DetectEvents = DetectEvents ?? traits.DetectEvents,
            PersistentEvents = PersistentEvents ?? traits.PersistentEvents,
            PersistentHook = PersistentHook ?? traits.PersistentHook,
            DefaultPackage = DefaultPackage ?? traits.DefaultPackage,
            LinePackage = LinePackage ?? traits.LinePackage,
            Packages = Packages ?? traits.Packages,
        };
    }
}
