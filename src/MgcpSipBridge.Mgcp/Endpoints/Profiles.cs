namespace MgcpSipBridge.Mgcp;

/// <summary>What a profile supposes of a gateway before it has spoken.</summary>
internal static class Profiles
{
    private const string Ncs = "MGCP 1.0 NCS 1.0";

    /// <summary>The traits to begin with.</summary>
    public static GatewayTraits Traits(MgcpProfile profile) => profile switch
    {
        // RFC 3435 §3.5.5 makes piggybacking everyone's duty; with auto the gateway shows first that it knows it.
        MgcpProfile.Rfc3435 => new GatewayTraits { Piggyback = true },
        MgcpProfile.Ncs => new GatewayTraits { Version = Ncs, DigitPackage = "L", CallProgressPackage = "L" },
        MgcpProfile.Cisco => new GatewayTraits { Version = "MGCP 0.1", ExplicitToneStop = true },
        _ => new GatewayTraits(),
    };

    /// <summary>
    /// The traits once the gateway has written <paramref name="version"/>. With auto, NCS in the text brings NCS's packages, and MGCP 0.1 the tones of
    /// RFC 2705's packages, some of which go on until they are stopped by name; what was learnt otherwise stays.
    /// </summary>
    public static GatewayTraits WithVersion(GatewayTraits traits, string version, MgcpProfile profile)
    {
        var isNcs = version.Contains("NCS", StringComparison.OrdinalIgnoreCase);
        var wasNcs = traits.Version.Contains("NCS", StringComparison.OrdinalIgnoreCase);
        return profile == MgcpProfile.Auto && isNcs && !wasNcs
            ? traits with { Version = version, DigitPackage = "L", CallProgressPackage = "L" }
            : traits with { Version = version, ExplicitToneStop = traits.ExplicitToneStop || (profile == MgcpProfile.Auto && IsOld(version) && !IsOld(traits.Version)) };
    }

    private static bool IsOld(string version) => version.StartsWith("MGCP 0", StringComparison.OrdinalIgnoreCase);

    /// <summary>The version to try after one that was refused (528); null when nothing is known to follow it.</summary>
    public static string? Alternative(string refused) => refused.ToUpperInvariant() switch
    {
        "MGCP 1.0" => "MGCP 0.1",
        "MGCP 0.1" => Ncs,
        "MGCP 1.0 NCS 1.0" => "MGCP 1.0",
        _ => null,
    };
}
