// The versions of a heuristic: when, what differs from what stands, and the way back.

import type { JSX } from "preact";
import { count } from "../../ui/numbers";
import { diffLines, folded } from "./diff";
import { changeParts, specText, when } from "./format";
import type { Change, Version } from "./protocol";
import type { EditorSession } from "./session";

export function Versions({ session }: { session: EditorSession }): JSX.Element {
  const { stored, draft, past } = session;
  const { compared } = past;
  if (stored === null || draft === null) {
    return <p class="rne-note">Versions begin with the first time it is saved.</p>;
  }
  return (
    <section class="rne-versions" aria-label="Versions">
      <ol data-testid="versions">
        {stored.versions.map((version, at) => (
          <li key={version.version}>
            <button
              type="button"
              class="rne-version"
              aria-pressed={compared?.version === version.version}
              data-testid={`version-${stored.versions.length - at}`}
              onClick={() =>
                void session.past.compare(
                  session.draft?.heuristic,
                  compared?.version === version.version ? null : version.version,
                )
              }
            >
              <b>Version {stored.versions.length - at}</b>
              <span class="rn-quiet" title={version.at}>
                {when(version.at)}
              </span>
              <span class="rn-quiet">{inWords(version)}</span>
              {at === 0 ? <span class="rn-badge">in force</span> : null}
            </button>
          </li>
        ))}
      </ol>
      {compared === null ? (
        <p class="rne-note">Choose a version to see what differs from what stands above.</p>
      ) : (
        <div data-testid="compared">
          <div class="rn-tools">
            <span class="rn-quiet">What stands above, against this version:</span>
            <span class="rn-grow" />
            {compared.version === stored.version ? null : (
              <button
                type="button"
                class="rn-button"
                data-testid="restore"
                title="The old text becomes the newest version; its votes are taken over"
                onClick={() => void session.restore(compared.version)}
              >
                Restore this version
              </button>
            )}
          </div>
          {compared.change === null ? null : (
            <ChangeLine change={compared.change} records={session.rows?.records ?? 0} />
          )}
          <Diff
            before={specText(compared.spec)}
            after={specText(draft.spec.kind === "other" ? stored.spec : draft.spec)}
          />
        </div>
      )}
    </section>
  );
}

function inWords(version: Version): string {
  if (version.state === "new") return "never run";
  if (version.state === "failed") return "failed";
  return version.message === "" ? "" : "with errors";
}

/** What a change did, in one line. */
export function ChangeLine({ change, records }: { change: Change; records: number }): JSX.Element {
  const moved = [
    change.gained > 0 ? `${count(change.gained)} more` : "",
    change.lost > 0 ? `${count(change.lost)} fewer` : "",
    change.flipped > 0 ? `${count(change.flipped)} otherwise` : "",
  ].filter(Boolean);
  return (
    <p class="rne-change" data-testid="change">
      {changeParts(change, records).map((part) => (
        <span key={part.name}>
          <span class="rn-quiet">{part.name}</span> {part.before} → <b>{part.after}</b>
          {part.better === null ? null : (
            <span
              class={part.better ? "rn-good" : "rn-bad"}
              role="img"
              aria-label={part.better ? "up" : "down"}
            >
              {part.better ? " ▲" : " ▼"}
            </span>
          )}
        </span>
      ))}
      <span class="rn-quiet">
        {moved.length > 0 ? `records: ${moved.join(", ")}` : "the same votes"}
      </span>
    </p>
  );
}

const SIGNS = { same: " ", gone: "−", new: "+" };

function Diff({ before, after }: { before: string; after: string }): JSX.Element {
  const lines = folded(diffLines(before, after));
  if (!lines.some((line) => line !== null && line.kind !== "same")) {
    return <p class="rne-note">No difference.</p>;
  }
  return (
    <table class="rne-diff" aria-label="Difference" data-testid="diff">
      <tbody>
        {lines.map((line, at) =>
          line === null ? (
            <tr key={at} class="rne-diff-cut">
              <td colSpan={4}>⋯</td>
            </tr>
          ) : (
            <tr key={at} class={`rne-diff-${line.kind}`}>
              <td class="rne-diff-number">{line.old}</td>
              <td class="rne-diff-number">{line.new}</td>
              <td class="rne-diff-sign">{SIGNS[line.kind]}</td>
              <td>
                <code>{line.text}</code>
              </td>
            </tr>
          ),
        )}
      </tbody>
    </table>
  );
}
