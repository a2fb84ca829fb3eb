using System.Collections.Immutable;

namespace MgcpSipBridge.Mgcp;

/// <summary>Turns the request that the engine wishes into one that this gateway takes, by what is known of it.</summary>
internal static class RequestShaper
{
    /// <summary>What happens on the hook; a flash only where the phone is off hook, which the gateway knows.</summary>
    private static readonly ImmutableArray<RequestedEvent>? Hook = [new("L/hd"), new("L/hu"), new("L/hf")];

    /// <summary>
    /// The request under <paramref name="traits"/>: refused signals replaced or left out, refused events left out, names in the gateway's packages, digits
    /// one by one where it takes no map, and tones in <paramref name="playing"/> stopped by name where they go on else.
    /// </summary>
    public static NotificationRequest Shape(NotificationRequest request, GatewayTraits traits, IReadOnlyCollection<string> playing)
    {
        var events = Shape(request.Events, traits);
        var signals = Shape(request.Signals, traits, playing);
        // Too long for this gateway: it collects whatever is dialled, and this side decides.
        var map = !traits.DigitMaps ? null : request.DigitMap is { } wished && wished.Length > traits.MaxDigitMapBytes ? DigitMapCompiler.CatchAll : request.DigitMap;
        var loop = request.Loop && traits.LoopMode;
        var persistent = (request.PersistentEvents ?? (traits.PersistentHook ? Hook : null)) is { } watched && traits.PersistentEvents && !traits.Refuses("B/PR")
            ? Shape(watched, traits)
            : (ImmutableArray<RequestedEvent>?)null;
        if (events == request.Events && signals == request.Signals && map == request.DigitMap && loop == request.Loop && request is { DetectEvents: null, PersistentEvents: null } && persistent is null) return request;
        return request with
        {
            Events = events,
            Signals = signals,
            DigitMap = map,
            Loop = loop,
            DetectEvents = traits.DetectEvents && request.DetectEvents is { } detected ? [.. Shape([.. detected.Select(static name => new RequestedEvent(name))], traits).Select(static e => e.Event)] : null,
            PersistentEvents = persistent,
        };
    }

    private static ImmutableArray<SignalRequest> Shape(ImmutableArray<SignalRequest> wished, GatewayTraits traits, IReadOnlyCollection<string> playing)
    {
        if (wished.IsEmpty && playing.Count == 0) return wished;
        var signals = ImmutableArray.CreateBuilder<SignalRequest>(wished.Length);
        foreach (var signal in wished)
        {
            // A signal may stand in S: once only (RFC 3435 §2.3.3), and substitutes may meet.
            if (Shape(signal, traits) is { } shaped && !Contains(signals, shaped.Signal)) signals.Add(shaped);
        }

        foreach (var tone in playing)
        {
            if (!Contains(signals, tone) && PackageVocabulary.NeedsStop(tone, traits) && !traits.RefusedNames.Contains(PackageVocabulary.WithoutConnection(tone) + "(-)"))
            {
                signals.Add(new SignalRequest(tone, "-"));
            }
        }

        return signals.DrainToImmutable();
    }

    private static ImmutableArray<RequestedEvent> Shape(ImmutableArray<RequestedEvent> wished, GatewayTraits traits)
    {
        // Most gateways take what the engine wishes as it stands: then nothing is made anew.
        var same = 0;
        while (same < wished.Length && ReferenceEquals(Whole(wished[same], traits), wished[same])) same++;
        if (same == wished.Length) return wished;
        var events = ImmutableArray.CreateBuilder<RequestedEvent>(wished.Length);
        events.AddRange(wished.AsSpan()[..same]);
        foreach (var requested in wished.AsSpan()[same..])
        {
            if (Whole(requested, traits) is { } shaped) events.Add(shaped);
        }

        return events.DrainToImmutable();
    }

    private static RequestedEvent? Whole(RequestedEvent requested, GatewayTraits traits) =>
        Shape(requested, traits) is { } shaped ? shaped.Embedded is null ? shaped : Embed(shaped, traits) : null;

    /// <summary>An embedded request is a request like others; where it is not taken the event is reported instead, and the engine has the next word.</summary>
    private static RequestedEvent Embed(RequestedEvent requested, GatewayTraits traits) => traits.EmbeddedRequests
        ? requested with { Embedded = Shape(requested.Embedded!, traits, []) }
        : requested with { Embedded = null, Action = "N" };

    /// <summary>The tones that go on after a request was taken.</summary>
    public static IReadOnlyCollection<string> TonesOf(NotificationRequest shaped, GatewayTraits traits)
    {
        List<string>? tones = null;
        foreach (var signal in shaped.Signals)
        {
            if (signal.Parameters != "-" && PackageVocabulary.IsTone(signal.Signal, traits)) (tones ??= []).Add(signal.Signal);
        }

        return tones ?? (IReadOnlyCollection<string>)[];
    }

    private static SignalRequest? Shape(SignalRequest signal, GatewayTraits traits)
    {
        if (!traits.CallerId && PackageVocabulary.IsCallerId(signal.Signal)) return null;
        var name = signal.Signal;
        var (package, rest) = PackageVocabulary.Split(name);
        // Ringback and congestion are in G (RFC 3660 §2.1), in NCS in L.
        var bare = PackageVocabulary.WithoutConnection(rest);
        if (package is "G" or "g" or "L" or "l" && bare.Equals("rt", StringComparison.OrdinalIgnoreCase)) name = $"{traits.CallProgressPackage}/{rest}";
        else if (package is "G" or "g" && bare.Equals("cg", StringComparison.OrdinalIgnoreCase)) name = $"{traits.CallProgressPackage}/{rest}";
        else name = InLinePackage(name, traits);
        var known = PackageVocabulary.Find(name, traits);
        // What can be heard at the endpoint only is played there.
        if (known is { PlaysOnConnection: false }) name = PackageVocabulary.WithoutConnection(name);
        var plain = PackageVocabulary.WithoutConnection(name);
        // NCS has its own line package; what that does not have need not be tried.
        var isAbsent = known is null && traits.IsNcs && package is "L" or "l";
        if (!traits.Refuses(plain) && !isAbsent) return new SignalRequest(name, Fitting(signal.Parameters, known));
        foreach (var substitute in PackageVocabulary.SubstitutesOf(plain))
        {
            var other = InLinePackage(substitute, traits);
            if (!traits.Refuses(other) && !(isAbsent && PackageVocabulary.Find(other, traits) is null)) return new SignalRequest(other);
        }

        return isAbsent && !traits.Refuses(plain) ? signal with { Signal = name } : null;
    }

    /// <summary>A name of package L in the package that this gateway's lines are in, if that has it.</summary>
    private static string InLinePackage(string name, GatewayTraits traits)
    {
        if (traits.LinePackage == PackageVocabulary.DefaultPackage || name is not ['L' or 'l', '/', ..]) return name;
        var other = $"{traits.LinePackage}{name.AsSpan(1)}";
        return PackageVocabulary.Find(other, traits) is null ? name : other;
    }

    /// <summary>Without the parameters that only newer packages take: an old gateway would refuse the signal for them.</summary>
    private static string? Fitting(string? parameters, PackageSymbol? known)
    {
        if (parameters is null || known is null || !parameters.Contains('=', StringComparison.Ordinal)) return parameters;
        var kept = parameters.Split(',').Where(one => one.IndexOf('=', StringComparison.Ordinal) is var at && (at < 0 || !IsExtra(one.AsSpan(0, at)) || known.Takes(one.AsSpan(0, at).Trim())));
        var joined = string.Join(',', kept);
        return joined.Length == 0 ? null : joined;
    }

    private static bool IsExtra(ReadOnlySpan<char> parameter) => parameter.Trim() is "to" or "rep" or "del";

    private static RequestedEvent? Shape(RequestedEvent requested, GatewayTraits traits)
    {
        if (!PackageVocabulary.IsDigits(requested.Event))
        {
            var evt = InLinePackage(requested.Event, traits);
            if (PackageVocabulary.Split(evt).Name is not ("hd" or "hu") && traits.Refuses(PackageVocabulary.WithoutConnection(evt))) return null;
            return evt == requested.Event ? requested : requested with { Event = evt };
        }

        var (package, name) = PackageVocabulary.Split(requested.Event);
        if (traits.DigitMaps) return package.SequenceEqual(traits.DigitPackage) ? requested : requested with { Event = $"{traits.DigitPackage}/{name}" };

        // Without a map every digit is notified by itself, and a timer that is not accumulated would run from the start (RFC 3660 §2.2).
        var digits = name.ToString().Replace("T", "", StringComparison.OrdinalIgnoreCase);
        if (digits is "" or "[]") return null;
        var action = requested.Action.Equals("D", StringComparison.OrdinalIgnoreCase) ? "N" : requested.Action;
        return new RequestedEvent($"{traits.DigitPackage}/{digits}", action);
    }

    private static bool Contains(ImmutableArray<SignalRequest>.Builder signals, string name)
    {
        foreach (var signal in signals)
        {
            if (signal.Signal.Equals(name, StringComparison.OrdinalIgnoreCase)) return true;
        }

        return false;
    }
}
