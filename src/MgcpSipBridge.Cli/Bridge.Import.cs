using System.Globalization;
using MgcpSipBridge.V1;

namespace MgcpSipBridge.Cli;

/// <content>Files of other systems.</content>
internal sealed partial class Bridge
{
    /// <summary>Takes a file over, or tells what that would be: then exit code 3 when it is anything.</summary>
    public async Task ImportAsync(string file, ImportProvisioningRequest request, string? encoding, string? mapping, string? yaml, bool all)
    {
        request.Text = FileText.Foreign(await BytesOfAsync(file), NameOf(file), encoding, writer.Remark);
        if (mapping is not null)
            foreach (var (field, column) in Mapping(await TextOfAsync(mapping), mapping)) request.Mapping[field] = column;
        request.MaxAnswerBytes = Connection.MostOfAnAnswerBytes;
        var done = await Provisioning.ImportProvisioningAsync(request, cancellationToken: cancel);
        if (done.Problems.Count > 0) ExitCode = ExitCodes.Failed;
        else if (IsUseless(done)) ExitCode = ExitCodes.Usage;
        else if (request.ValidateOnly && done.Changes.Count > 0) ExitCode = ExitCodes.Different;
        if (yaml == "-")
        {
            writer.Text(done.Yaml);
            return;
        }

        if (yaml is not null) Write(yaml, done.Yaml);
        if (writer.IsData)
        {
            writer.One(done);
            return;
        }

        var shown = done.Remarks.Where(r => all || r.Outcome is ImportRemark.Types.Outcome.Problem or ImportRemark.Types.Outcome.NoCounterpart).ToList();
        if (shown.Count > 0) writer.Many(done, shown, ["LINE", "WHAT", "OPTION", "OUTCOME", "WHY"], r => [r.Line == 0 ? "-" : Text(r.Line), Or(r.Subject), Or(r.Option), Text(r.Outcome), r.Text]);
        if (done.RemarksLeftOut > 0) writer.Text($"and {Text(done.RemarksLeftOut)} more\n");
        foreach (var problem in done.Problems) writer.Text($"problem: {problem}\n");
        int Count(ImportRemark.Types.Outcome outcome) => done.Remarks.Count(r => r.Outcome == outcome);
        writer.Text(string.Create(CultureInfo.InvariantCulture,
            $"{Count(ImportRemark.Types.Outcome.Mapped)} mapped, {Count(ImportRemark.Types.Outcome.Ignored)} not needed, {Count(ImportRemark.Types.Outcome.NoCounterpart)} without counterpart, {Count(ImportRemark.Types.Outcome.Problem)} problems; {(request.ValidateOnly ? "would change" : "changed")} {done.Changes.Count} resources\n"));
    }

    // Nothing in the file says anything to us.
    private static bool IsUseless(ImportProvisioningResponse done) => done.Changes.Count == 0
        && done.Remarks.Any(r => r.Outcome == ImportRemark.Types.Outcome.Problem) && done.Remarks.All(r => r.Outcome != ImportRemark.Types.Outcome.Mapped);

    // FIELD=COLUMN or FIELD: COLUMN, a line each; # begins a comment.
    private static IEnumerable<(string Field, string Column)> Mapping(string text, string file)
    {
        foreach (var line in text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (line[0] == '#') continue;
            var cut = line.IndexOfAny(['=', ':']);
            if (cut <= 0) throw new UsageException($"{file}: \"{line}\" is not FIELD=COLUMN");
            yield return (line[..cut].Trim(), line[(cut + 1)..].Trim());
        }
    }

    private async Task<string> TextOfAsync(string file) => FileText.Of(await BytesOfAsync(file), NameOf(file));

    private static string NameOf(string file) => file == "-" ? "standard input" : file;

    private async Task<byte[]> BytesOfAsync(string file)
    {
        try
        {
            return file == "-" ? await input.ReadAllAsync(cancel) : await File.ReadAllBytesAsync(file, cancel);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"{file} cannot be read: {e.Message}");
        }
    }

    private static void Write(string file, string text)
    {
        try
        {
            File.WriteAllText(file, text);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"{file} cannot be written: {e.Message}");
        }
    }
}
