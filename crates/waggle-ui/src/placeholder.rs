//! The page embedded when the UI was not built: the server works without it, and whoever opens it learns what to do.

pub(crate) const PAGE: &str = r##"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Waggle</title>
<style nonce="__CSP_NONCE__">
:root { color-scheme: light dark; }
body { margin: 14vh auto 0; max-width: 60ch; padding: 0 16px; font: 15px/1.6 system-ui, sans-serif; }
pre { padding: 12px 16px; border: 1px solid; border-radius: 6px; }
</style>
</head>
<body>
<h1>Waggle is running, without its web interface</h1>
<p>This binary was built without the UI. Ingest and all APIs work. To get the UI, build it (node 20.19 or newer) and then the binary:</p>
<pre>make build</pre>
<p>or step by step:</p>
<pre>cd ui &amp;&amp; npm ci --ignore-scripts &amp;&amp; npm run build
cd .. &amp;&amp; cargo build --release</pre>
</body>
</html>
"##;
