import { html, type Html } from "./html.js";

/** The box that sends a chat to this server; the page's script brings it to life. */
export function renderTryIt(): Html {
  return html`<section class="group" id="try-it">
    <h2>Try it</h2>
    <noscript><p>This box needs JavaScript; the rest of the page does not.</p></noscript>
    <form class="try" id="try-form" hidden>
      <fieldset>
        <legend>Way</legend>
        <label><input type="radio" name="way" value="websocket" checked /> WebSocket</label>
        <label><input type="radio" name="way" value="stream" /> HTTP, streamed</label>
        <label><input type="radio" name="way" value="json" /> HTTP, JSON</label>
      </fieldset>
      <label class="wide"
        >Message <textarea name="text" rows="2" required maxlength="200000">Why is the sky blue?</textarea>
      </label>
      <label>Session <input name="sessionId" pattern="[A-Za-z0-9_\\-]{1,64}" required autocomplete="off" /></label>
      <label
        >Mode
        <select name="mode">
          <option value="">default</option>
          <option>lite</option>
          <option>balanced</option>
          <option>quality</option>
          <option>auto</option>
        </select></label
      >
      <label>Model <input name="model" placeholder="default" autocomplete="off" /></label>
      <label
        >Token <input name="token" type="password" placeholder="none on a development server" autocomplete="off"
      /></label>
      <p class="actions">
        <button type="submit" class="primary">Send</button>
        <button type="button" id="try-cancel" disabled>Cancel</button>
        <span id="try-state" role="status"></span>
      </p>
    </form>
    <div class="try-output" id="try-output" hidden>
      <h3>Answer</h3>
      <div id="try-answer" role="region" aria-label="Answer" tabindex="0"></div>
      <details open>
        <summary>Frames (<span id="try-count">0</span>)</summary>
        <ol id="try-frames" tabindex="0" aria-label="Frames"></ol>
      </details>
    </div>
  </section>`;
}
