namespace MgcpSipBridge.Host.Net.Tls;

/// <summary>The files of a section of settings as they are in force. They are read again when they change; what is wrong with them is said once, and the old ones serve on.</summary>
internal sealed class TlsKeeper
{
    private const string Gone = "";
    private readonly TlsFiles _files;
    private volatile TlsMaterial _material;
    private string? _stamp;
    private string? _refused;

    /// <summary>Reads the files. Lists of what was taken back that cannot be used stop nothing: whoever asks about a certificate sees that nothing is known.</summary>
    /// <exception cref="BindException">The other files are not what they were when they were validated.</exception>
    public TlsKeeper(TlsFiles files)
    {
        _files = files;
        _stamp = TlsMaterial.Stamp(files, withoutList: true);
        _material = TlsMaterial.Load(files, (setting, message) => throw new BindException(setting, "tls", new IOException(message)), withoutList: true)!;
        Problem = _material.ListProblem;
    }

    /// <summary>What they hold.</summary>
    public TlsMaterial Material => _material;

    /// <summary>What is wrong with the files as they are now, so that what they held before serves on; null when nothing is.</summary>
    public string? Problem { get; private set; }

    /// <summary>Looks at them: whether they have been read anew, or else what is wrong with those that are new; both are told once.</summary>
    public (bool IsNew, string? Problem) Refresh()
    {
        // Where there is no list anyway, nothing is lost by taking what there is.
        var withoutList = _material.ListProblem is not null;
        // A file that is gone is as wrong as one that cannot be used: should it only be missing for the moment in which it is replaced, the next look takes that back.
        var stamp = TlsMaterial.Stamp(_files, withoutList) ?? Gone;
        if (stamp == _refused) return (false, null);
        if (stamp == _stamp)
        {
            (Problem, _refused) = (_material.ListProblem, null);
            return (false, null);
        }

        var problem = "a file cannot be read";
        if (TlsMaterial.Load(_files, (setting, message) => problem = $"{setting}: {message}", withoutList) is not { } material)
        {
            (_refused, Problem) = (stamp, problem);
            return (false, problem);
        }

        // It came back while we looked; what it holds now the next look tells.
        if (stamp == Gone) return (false, null);
        (_material, _stamp, _refused, Problem) = (material, stamp, null, material.ListProblem);
        return (true, null);
    }
}
