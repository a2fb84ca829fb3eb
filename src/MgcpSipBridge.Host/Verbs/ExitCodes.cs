namespace MgcpSipBridge.Host.Verbs;

/// <summary>What the process ends with.</summary>
internal static class ExitCodes
{
    /// <summary>All went well.</summary>
    public const int Success = 0;

    /// <summary>Anything that is not the configuration.</summary>
    public const int Failure = 1;

    /// <summary>The configuration is wrong.</summary>
    public const int Configuration = 2;
}
