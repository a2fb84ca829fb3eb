namespace MgcpSipBridge.Host.Observability;

/// <summary>
/// Masks personal data in logs. Enough stays to tell two lines apart while one looks at one's own phone: the last two characters.
/// </summary>
internal sealed class Redaction(bool showPersonalData)
{
    /// <summary>A text that is masked when, and only if, somebody writes it: <c>5551234</c> as <c>*****34</c>, short texts wholly.</summary>
    public Redacted this[string text] => new(text, showPersonalData);
}

/// <summary>Personal data on its way into a log line.</summary>
internal readonly record struct Redacted(string Text, bool Shown)
{
    /// <inheritdoc/>
    public override string ToString() =>
        // A trunk's name is not personal, and no number has a colon.
        Shown || Text.StartsWith("trunk:", StringComparison.Ordinal) ? Text : Text.Length <= 4 ? new string('*', Text.Length) : new string('*', Text.Length - 2) + Text[^2..];
}
