namespace MgcpSipBridge.Host.Observability;

/// <summary>
/// Masks personal data in logs. Enough stays to tell two lines apart while one looks at one's own phone: the last two characters.
/// </summary>
internal sealed class Redaction(bool showPersonalData)
{
    /// <summary><c>5551234</c> as <c>*****34</c>; short texts wholly.</summary>
    public string Mask(string text) =>
        showPersonalData ? text : text.Length <= 4 ? new string('*', text.Length) : new string('*', text.Length - 2) + text[^2..];
}
