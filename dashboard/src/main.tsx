import { render } from 'preact';
import { App } from './app.js';
import './style/ground.css';
import './style/header.css';
import './style/panels.css';
import './style/lists.css';
import './style/sections.css';
import './style/settings.css';
import './style/dialogs.css';
import './style/small.css';

const root = document.getElementById('app');
if (root !== null) render(<App />, root);
