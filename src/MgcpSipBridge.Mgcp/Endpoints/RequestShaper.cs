using System.Collections.Immutable;

namespace MgcpSipBridge.Mgcp;

/// <summary>Turns the request that the engine wishes into one that this gateway takes, by what is known of it.</summary>
internal static class RequestShaper
{
    /// <summary>
    /// The request under <paramref name="traits"/>: refused signals replaced or left out, refused events left out, names in the gateway's packages, digits
    /// one by one where it takes no map, and tones in <paramref name="playing"/> stopped by name where they go on else.
    /// </summary>
    public static NotificationRequest Shape(NotificationRequest request, GatewayTraits traits, IReadOnlyCollection<string> playing)
    {
        var signals = ImmutableArray.CreateBuilder<SignalRequest>(request.Signals.Length);
        foreach (var signal in request.Signals)
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

        return request with
        {
            Events = Shape(request.Events, traits),
            Signals = signals.DrainToImmutable(),
            // Too long for this gateway: it collects whatever is dialled, and this side decides.
            DigitMap = !traits.DigitMaps ? null : request.DigitMap is { } map && map.Length > traits.MaxDigitMapBytes ? DigitMapCompiler.CatchAll : request.DigitMap,
            Loop = request.Loop && traits.LoopMode,
            DetectEvents = traits.DetectEvents && request.DetectEvents is { } detected ? [.. Shape([.. detected.Select(static name => new RequestedEvent(name))], traits).Select(static e => e.Event)] : null,
            PersistentEvents = traits.PersistentEvents && !traits.Refuses("B/PR") && request.PersistentEvents is { } persistent ? Shape(persistent, traits) : null,
        };
    }

    private static ImmutableArray<RequestedEvent> Shape(ImmutableArray<RequestedEvent> wished, GatewayTraits traits)
    {
        var events = ImmutableArray.CreateBuilder<RequestedEvent>(wished.Length);
        foreach (var requested in wished)
        {
            if (Shape(requested, traits) is { } shaped) events.Add(shaped.Embedded is null ? shaped : Embed(shaped, traits));
        }

        return events.DrainToImmutable();
    }

    /// <summary>An embedded request is a request like others; where it is not taken the event is reported instead, and the engine has the next word.</summary>
    private static RequestedEvent Embed(RequestedEvent requested, GatewayTraits traits) => traits.EmbeddedRequests
        ? requested with { Embedded = Shape(requested.Embedded!, traits, []) }
        : requested with { Embedded = null, Action = "N" };

    /// <summary>The tones that go on after a request was taken.</summary>
    public static List<string> TonesOf(NotificationRequest shaped, GatewayTraits traits)
    {
        List<string> tones = [];
        foreach (var signal in shaped.Signals)
        {
            if (signal.Parameters != "-" && PackageVocabulary.IsTone(signal.Signal, traits)) tones.Add(signal.Signal);
        }

        return tones;
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
            var name = InLinePackage(requested.Event, traits);
            if (PackageVocabulary.Split(name).Name is "hd" or "hu") return requested with { Event = name };
            return traits.Refuses(PackageVocabulary.WithoutConnection(name)) ? null : requested with { Event = name };
        }

        var digits = PackageVocabulary.Split(requested.Event).Name;
        if (traits.DigitMaps) return requested with { Event = $"{traits.DigitPackage}/{digits}" };
        // Without a map every digit is notified by itself, and a timer that is not accumulated would run from the start (RFC 3660 §2.2).
        digits = digits.Replace("T", "", StringComparison.OrdinalIgnoreCase);
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
