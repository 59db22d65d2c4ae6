// Made from docs/openapi.json by `npm run schema`.
export interface paths {
    "/api/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Returns this document.
         * @description Needs nothing.
         */
        get: operations["get__api_openapijson"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Returns who is signed in, to which team, and what the UI must know.
         * @description Needs nothing.
         */
        get: operations["get__api_session"];
        put?: never;
        /**
         * Signs a person in; the session is in a cookie.
         * @description Needs nothing.
         */
        post: operations["post__api_session"];
        /**
         * Signs out.
         * @description Needs nothing.
         */
        delete: operations["delete__api_session"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/environments/{env}/members": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists the people of the team.
         * @description Needs somebody who is signed in, or a configuration key with `run_queries`.
         */
        get: operations["get__api_environments_env_members"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/environments/{env}/environments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists the environments of the team.
         * @description Needs somebody who is signed in, or a configuration key with `run_queries`.
         */
        get: operations["get__api_environments_env_environments"];
        put?: never;
        /**
         * Makes another environment of the team.
         * @description Needs an administrator who is signed in.
         */
        post: operations["post__api_environments_env_environments"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/environments/{env}/environment": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Changes what is given of the environment; its name stays.
         * @description Needs an administrator who is signed in.
         */
        put: operations["put__api_environments_env_environment"];
        post?: never;
        /**
         * Deletes the environment with its keys, datasets and boards; refused while it is protected, and of the team's last one.
         * @description Needs an administrator who is signed in.
         */
        delete: operations["delete__api_environments_env_environment"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/environments/{env}/keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists the keys of the environment, the oldest first, without their secrets.
         * @description Needs an administrator who is signed in.
         */
        get: operations["get__api_environments_env_keys"];
        put?: never;
        /**
         * Makes a key. Its secret is in this answer and nowhere else.
         * @description Needs an administrator who is signed in.
         */
        post: operations["post__api_environments_env_keys"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/environments/{env}/keys/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Renames a key, disables or enables it; what is absent stays.
         * @description Needs an administrator who is signed in.
         */
        put: operations["put__api_environments_env_keys_id"];
        post?: never;
        /**
         * Deletes a key; its bearer is unknown at once.
         * @description Needs an administrator who is signed in.
         */
        delete: operations["delete__api_environments_env_keys_id"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/environments/{env}/datasets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists the datasets with what they hold and how long it stays.
         * @description Needs somebody who is signed in, or a configuration key with `run_queries`.
         */
        get: operations["get__api_environments_env_datasets"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/environments/{env}/onboarding": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Says whether anything has arrived yet, and whether from a service that somebody waits for.
         * @description Needs somebody who is signed in, or a configuration key with `run_queries`.
         */
        get: operations["get__api_environments_env_onboarding"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/environments/{env}/datasets/{dataset}/columns": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Searches the columns of a dataset, or of all with `__all__`; the best match first.
         * @description Needs somebody who is signed in, or a configuration key with `run_queries`.
         */
        get: operations["get__api_environments_env_datasets_dataset_columns"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/environments/{env}/datasets/{dataset}/columns/{column_name}/values": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Returns the commonest values of a column.
         * @description Needs somebody who is signed in, or a configuration key with `run_queries`.
         */
        get: operations["get__api_environments_env_datasets_dataset_columns_column_name_values"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/environments/{env}/datasets/{dataset}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Returns the settings of a dataset.
         * @description Needs somebody who is signed in, or a configuration key with `run_queries`.
         */
        get: operations["get__api_environments_env_datasets_dataset"];
        /**
         * Changes the settings of a dataset; its name stays.
         * @description Needs an administrator who is signed in.
         */
        put: operations["put__api_environments_env_datasets_dataset"];
        post?: never;
        /**
         * Deletes a dataset with its events; refused while it is protected.
         * @description Needs an administrator who is signed in.
         */
        delete: operations["delete__api_environments_env_datasets_dataset"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/environments/{env}/datasets/{dataset}/column-settings/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Changes a column; its name stays.
         * @description Needs somebody who is signed in, or a configuration key with `manage_columns`.
         */
        put: operations["put__api_environments_env_datasets_dataset_column_settings_id"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/environments/{env}/datasets/{dataset}/column-deletions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Deletes columns with their values; those that play a part in the dataset's definition stay. Events wait meanwhile.
         * @description Needs an administrator who is signed in.
         */
        post: operations["post__api_environments_env_datasets_dataset_column_deletions"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/environments/{env}/datasets/{dataset}/definition": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Returns which column plays which part.
         * @description Needs somebody who is signed in, or a configuration key with `run_queries`.
         */
        get: operations["get__api_environments_env_datasets_dataset_definition"];
        /**
         * Says which column plays which part; what is absent stays.
         * @description Needs somebody who is signed in, or a configuration key with `manage_columns`.
         */
        put: operations["put__api_environments_env_datasets_dataset_definition"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/environments/{env}/datasets/{dataset}/calculated-fields": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists the calculated fields of a dataset, or those of the whole environment with `__all__`.
         * @description Needs somebody who is signed in, or a configuration key with `run_queries`.
         */
        get: operations["get__api_environments_env_datasets_dataset_calculated_fields"];
        put?: never;
        /**
         * Makes a calculated field.
         * @description Needs somebody who is signed in, or a configuration key with `manage_columns`.
         */
        post: operations["post__api_environments_env_datasets_dataset_calculated_fields"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/environments/{env}/datasets/{dataset}/calculated-fields/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Changes a calculated field.
         * @description Needs somebody who is signed in, or a configuration key with `manage_columns`.
         */
        put: operations["put__api_environments_env_datasets_dataset_calculated_fields_id"];
        post?: never;
        /**
         * Deletes a calculated field that nothing uses.
         * @description Needs somebody who is signed in, or a configuration key with `manage_columns`.
         */
        delete: operations["delete__api_environments_env_datasets_dataset_calculated_fields_id"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/environments/{env}/datasets/{dataset}/suggestions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Returns the suggestions of a dataset; there are none until somebody makes some.
         * @description Needs somebody who is signed in, or a configuration key with `run_queries`.
         */
        get: operations["get__api_environments_env_datasets_dataset_suggestions"];
        /**
         * Replaces the suggestions of a dataset.
         * @description Needs somebody who is signed in, or a configuration key with `manage_columns`.
         */
        put: operations["put__api_environments_env_datasets_dataset_suggestions"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/environments/{env}/datasets/{dataset}/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists the metrics that OpenTelemetry's exporters have sent to a dataset.
         * @description Needs somebody who is signed in, or a configuration key with `run_queries`.
         */
        get: operations["get__api_environments_env_datasets_dataset_metrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/environments/{env}/datasets/{dataset}/metrics/{column_name}/attributes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists the attributes that a metric has come with, in its newest 2,000 events of the last day.
         * @description Needs somebody who is signed in, or a configuration key with `run_queries`.
         */
        get: operations["get__api_environments_env_datasets_dataset_metrics_column_name_attributes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/environments/{env}/datasets/{dataset}/query": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Runs a query over a dataset, or over all with `__all__`, and keeps its answer.
         * @description Needs somebody who is signed in, or a configuration key with `run_queries`.
         */
        post: operations["post__api_environments_env_datasets_dataset_query"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/environments/{env}/results/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Returns an answer as it was, whatever arrived since.
         * @description Needs somebody who is signed in, or a configuration key with `run_queries`.
         */
        get: operations["get__api_environments_env_results_id"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/environments/{env}/queries/running": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists the queries that are being answered, and how far they are.
         * @description Needs somebody who is signed in, or a configuration key with `run_queries`.
         */
        get: operations["get__api_environments_env_queries_running"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/picture": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Returns the picture that a token is for, until the token is over.
         * @description Needs nothing.
         */
        get: operations["get__api_picture"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/environments/{env}/results/{id}/picture": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Makes a token for the picture of a result: with it in a link, others see the picture without signing in.
         * @description Needs somebody who is signed in, or a configuration key with `run_queries`.
         */
        get: operations["get__api_environments_env_results_id_picture"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/environments/{env}/datasets/{dataset}/queries/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Returns a query as it was sent.
         * @description Needs somebody who is signed in, or a configuration key with `run_queries`.
         */
        get: operations["get__api_environments_env_datasets_dataset_queries_id"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/environments/{env}/datasets/{dataset}/query-annotations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists the names of queries of a dataset, or of all with `__all__`.
         * @description Needs somebody who is signed in, or a configuration key with `run_queries`.
         */
        get: operations["get__api_environments_env_datasets_dataset_query_annotations"];
        put?: never;
        /**
         * Names a query.
         * @description Needs somebody who is signed in, or a configuration key with `run_queries`.
         */
        post: operations["post__api_environments_env_datasets_dataset_query_annotations"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/environments/{env}/datasets/{dataset}/query-annotations/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Changes a name of a query; its query stays.
         * @description Needs somebody who is signed in, or a configuration key with `run_queries`.
         */
        put: operations["put__api_environments_env_datasets_dataset_query_annotations_id"];
        post?: never;
        /**
         * Takes a name of a query away.
         * @description Needs somebody who is signed in, or a configuration key with `run_queries`.
         */
        delete: operations["delete__api_environments_env_datasets_dataset_query_annotations_id"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/environments/{env}/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists the runs that match all parameters, the newest first. Runs of people who hide theirs are shown to themselves and to administrators.
         * @description Needs somebody who is signed in, or a configuration key with `run_queries`.
         */
        get: operations["get__api_environments_env_history"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/environments/{env}/history/settings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Says whether others see the runs of who is signed in.
         * @description Needs somebody who is signed in, or a configuration key with `run_queries`.
         */
        get: operations["get__api_environments_env_history_settings"];
        /**
         * Hides the runs of who is signed in from others, in every environment, or shows them.
         * @description Needs somebody who is signed in, or a configuration key with `run_queries`.
         */
        put: operations["put__api_environments_env_history_settings"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/environments/{env}/boards": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists the boards.
         * @description Needs somebody who is signed in, or a configuration key with `run_queries`.
         */
        get: operations["get__api_environments_env_boards"];
        put?: never;
        /**
         * Makes a board.
         * @description Needs somebody who is signed in, or a configuration key with `manage_boards`.
         */
        post: operations["post__api_environments_env_boards"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/environments/{env}/boards/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Returns a board.
         * @description Needs somebody who is signed in, or a configuration key with `run_queries`.
         */
        get: operations["get__api_environments_env_boards_id"];
        /**
         * Replaces a board; preset filters that are absent stay.
         * @description Needs somebody who is signed in, or a configuration key with `manage_boards`.
         */
        put: operations["put__api_environments_env_boards_id"];
        post?: never;
        /**
         * Deletes a board with its views.
         * @description Needs somebody who is signed in, or a configuration key with `manage_boards`.
         */
        delete: operations["delete__api_environments_env_boards_id"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/environments/{env}/boards/{id}/views": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists the views of a board.
         * @description Needs somebody who is signed in, or a configuration key with `run_queries`.
         */
        get: operations["get__api_environments_env_boards_id_views"];
        put?: never;
        /**
         * Makes a view of a board.
         * @description Needs somebody who is signed in, or a configuration key with `manage_boards`.
         */
        post: operations["post__api_environments_env_boards_id_views"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/environments/{env}/boards/{id}/views/{view}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Deletes a view of a board.
         * @description Needs somebody who is signed in, or a configuration key with `manage_boards`.
         */
        delete: operations["delete__api_environments_env_boards_id_views_view"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/environments/{env}/board-shelf": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists the boards near at hand of who is signed in; those that are gone are left out.
         * @description Needs somebody who is signed in, or a configuration key with `run_queries`.
         */
        get: operations["get__api_environments_env_board_shelf"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/environments/{env}/board-shelf/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /**
         * Gives a board a star or takes it, and notes that it was looked at.
         * @description Needs somebody who is signed in, or a configuration key with `run_queries`.
         */
        put: operations["put__api_environments_env_board_shelf_id"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/environments/{env}/datasets/{dataset}/markers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists what a chart of the dataset shows: its markers and those of the environment, or of all datasets with `__all__`.
         * @description Needs somebody who is signed in, or a configuration key with `run_queries`.
         */
        get: operations["get__api_environments_env_datasets_dataset_markers"];
        put?: never;
        /**
         * Makes a marker.
         * @description Needs somebody who is signed in, or a configuration key with `manage_markers`.
         */
        post: operations["post__api_environments_env_datasets_dataset_markers"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/environments/{env}/datasets/{dataset}/markers/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Deletes a marker and returns it; one of the environment with `__all__`.
         * @description Needs somebody who is signed in, or a configuration key with `manage_markers`.
         */
        delete: operations["delete__api_environments_env_datasets_dataset_markers_id"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/environments/{env}/datasets/{dataset}/rows": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Returns the events that pass the filters, the newest first.
         * @description Needs somebody who is signed in, or a configuration key with `run_queries`.
         */
        post: operations["post__api_environments_env_datasets_dataset_rows"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/environments/{env}/traces/{trace_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Returns the events of a trace from all datasets, the oldest first.
         * @description Needs somebody who is signed in, or a configuration key with `run_queries`.
         */
        get: operations["get__api_environments_env_traces_trace_id"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/environments/{env}/traces/{trace_id}/columns": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Returns a trace of all datasets as columns, the oldest event first. Of a trace with more spans than the limit these are the ones closest to the root; the others are counted.
         * @description Needs somebody who is signed in, or a configuration key with `run_queries`.
         */
        get: operations["get__api_environments_env_traces_trace_id_columns"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/environments/{env}/datasets/{dataset}/bubble-up": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Compares the rows of a selection with the other rows, column by column.
         * @description Needs somebody who is signed in, or a configuration key with `run_queries`.
         */
        post: operations["post__api_environments_env_datasets_dataset_bubble_up"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/environments/{env}/datasets/{dataset}/calculated-field": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Checks an expression and returns its values in the newest events, or what is wrong and where.
         * @description Needs somebody who is signed in, or a configuration key with `run_queries`.
         */
        post: operations["post__api_environments_env_datasets_dataset_calculated_field"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/environments/{env}/calculated-field/functions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists the functions of the language.
         * @description Needs somebody who is signed in, or a configuration key with `run_queries`.
         */
        get: operations["get__api_environments_env_calculated_field_functions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/environments/{env}/sql": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Runs a SELECT. Whoever accepts `text/csv` first gets CSV.
         * @description Needs somebody who is signed in, or a configuration key with `run_queries`.
         */
        post: operations["post__api_environments_env_sql"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/environments/{env}/datasets/{dataset}/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Returns the events of a window, the oldest first, as they are written.
         * @description Needs somebody who is signed in, or a configuration key with `run_queries`.
         */
        get: operations["get__api_environments_env_datasets_dataset_export"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/environments/{env}/usage": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Adds up the events that were taken in on some days, and the bytes of their names and values. Days are those of arrival, in UTC.
         * @description Needs somebody who is signed in, or a configuration key with `run_queries`.
         */
        get: operations["get__api_environments_env_usage"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/environments/{env}/rejections": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists why events and whole requests were refused in the last ten minutes, since this server started.
         * @description Needs somebody who is signed in, or a configuration key with `run_queries`.
         */
        get: operations["get__api_environments_env_rejections"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/environments/{env}/retention": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Returns the limits of the environment and what each dataset keeps.
         * @description Needs somebody who is signed in, or a configuration key with `run_queries`.
         */
        get: operations["get__api_environments_env_retention"];
        /**
         * Sets the limits of the environment.
         * @description Needs an administrator who is signed in.
         */
        put: operations["put__api_environments_env_retention"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/environments/{env}/datasets/{dataset}/retention": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Returns the limits of a dataset and what it keeps.
         * @description Needs somebody who is signed in, or a configuration key with `run_queries`.
         */
        get: operations["get__api_environments_env_datasets_dataset_retention"];
        /**
         * Sets the limits of a dataset.
         * @description Needs an administrator who is signed in.
         */
        put: operations["put__api_environments_env_datasets_dataset_retention"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/environments/{env}/datasets/{dataset}/erase": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Counts the events that match, and erases them when `dry_run` is false.
         * @description Needs an administrator who is signed in. Other paths name the new erasure by the answer's `/id`.
         */
        post: operations["post__api_environments_env_datasets_dataset_erase"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/environments/{env}/erasures": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists the erasures, the newest first.
         * @description Needs somebody who is signed in, or a configuration key with `run_queries`.
         */
        get: operations["get__api_environments_env_erasures"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/environments/{env}/erasures/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Returns an erasure.
         * @description Needs somebody who is signed in, or a configuration key with `run_queries`.
         */
        get: operations["get__api_environments_env_erasures_id"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/environments/{env}/service-map": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Returns the services that are declared to be gateways.
         * @description Needs somebody who is signed in, or a configuration key with `run_queries`.
         */
        get: operations["get__api_environments_env_service_map"];
        /**
         * Declares gateways: maps show calls through them as calls of what is behind them.
         * @description Needs somebody who is signed in, or a configuration key with `manage_columns`.
         */
        put: operations["put__api_environments_env_service_map"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/environments/{env}/alerting": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Says whether triggers and burn alerts are evaluated, and how many there are.
         * @description Needs somebody who is signed in, or a configuration key with `run_queries`.
         */
        get: operations["get__api_environments_env_alerting"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/environments/{env}/datasets/{dataset}/triggers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists the triggers of a dataset, or of all with `__all__`.
         * @description Needs somebody who is signed in, or a configuration key with `run_queries`.
         */
        get: operations["get__api_environments_env_datasets_dataset_triggers"];
        put?: never;
        /**
         * Makes a trigger.
         * @description Needs somebody who is signed in, or a configuration key with `manage_triggers`.
         */
        post: operations["post__api_environments_env_datasets_dataset_triggers"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/environments/{env}/datasets/{dataset}/triggers/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Deletes a trigger.
         * @description Needs somebody who is signed in, or a configuration key with `manage_triggers`.
         */
        delete: operations["delete__api_environments_env_datasets_dataset_triggers_id"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/environments/{env}/datasets/{dataset}/slos": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists the SLOs of a dataset, or of all with `__all__`.
         * @description Needs somebody who is signed in, or a configuration key with `run_queries`.
         */
        get: operations["get__api_environments_env_datasets_dataset_slos"];
        put?: never;
        /**
         * Makes an SLO.
         * @description Needs somebody who is signed in, or a configuration key with `manage_slos`.
         */
        post: operations["post__api_environments_env_datasets_dataset_slos"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/environments/{env}/datasets/{dataset}/slos/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Returns an SLO; with `detailed` also how it does.
         * @description Needs somebody who is signed in, or a configuration key with `run_queries`.
         */
        get: operations["get__api_environments_env_datasets_dataset_slos_id"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/environments/{env}/slos/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Returns how SLOs did, hour by hour.
         * @description Needs somebody who is signed in, or a configuration key with `run_queries`.
         */
        post: operations["post__api_environments_env_slos_history"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/environments/{env}/datasets/{dataset}/burn-alerts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists the burn alerts of an SLO, without recipients.
         * @description Needs somebody who is signed in, or a configuration key with `run_queries`.
         */
        get: operations["get__api_environments_env_datasets_dataset_burn_alerts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/environments/{env}/recipients": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists the recipients of the team.
         * @description Needs somebody who is signed in, or a configuration key with `manage_recipients`.
         */
        get: operations["get__api_environments_env_recipients"];
        put?: never;
        /**
         * Makes a recipient.
         * @description Needs somebody who is signed in, or a configuration key with `manage_recipients`.
         */
        post: operations["post__api_environments_env_recipients"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/environments/{env}/recipients/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Deletes a recipient that no trigger and no burn alert uses.
         * @description Needs somebody who is signed in, or a configuration key with `manage_recipients`.
         */
        delete: operations["delete__api_environments_env_recipients_id"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/environments/{env}/xray/sampling-rules": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists the sampling rules in the order in which they are tried; the last is the default one.
         * @description Needs somebody who is signed in, or a configuration key with `run_queries`.
         */
        get: operations["get__api_environments_env_xray_sampling_rules"];
        put?: never;
        /**
         * Makes a sampling rule.
         * @description Needs somebody who is signed in, or a configuration key with `manage_columns`. Other paths name the new sampling_rule by the answer's `/SamplingRule/RuleName`.
         */
        post: operations["post__api_environments_env_xray_sampling_rules"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/environments/{env}/xray/sampling-rules/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Deletes a sampling rule and returns what it was.
         * @description Needs somebody who is signed in, or a configuration key with `manage_columns`.
         */
        delete: operations["delete__api_environments_env_xray_sampling_rules_id"];
        options?: never;
        head?: never;
        /**
         * Changes what is given of a sampling rule; of the default one only rate and reservoir. The name stays.
         * @description Needs somebody who is signed in, or a configuration key with `manage_columns`.
         */
        patch: operations["patch__api_environments_env_xray_sampling_rules_id"];
        trace?: never;
    };
    "/api/environments/{env}/xray/matching-rule": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Tells which sampling rule decides about a request, and in what it differs from the rules that are tried before. What is not given of the request matches anything, but for attributes.
         * @description Needs somebody who is signed in, or a configuration key with `run_queries`.
         */
        post: operations["post__api_environments_env_xray_matching_rule"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/environments/{env}/xray/groups": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists the groups, the default one first.
         * @description Needs somebody who is signed in, or a configuration key with `run_queries`.
         */
        get: operations["get__api_environments_env_xray_groups"];
        put?: never;
        /**
         * Makes a group.
         * @description Needs somebody who is signed in, or a configuration key with `manage_columns`. Other paths name the new group by the answer's `/GroupName`.
         */
        post: operations["post__api_environments_env_xray_groups"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/environments/{env}/xray/groups/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Deletes a group and returns what it was. Its traces stay.
         * @description Needs somebody who is signed in, or a configuration key with `manage_columns`.
         */
        delete: operations["delete__api_environments_env_xray_groups_id"];
        options?: never;
        head?: never;
        /**
         * Changes what is given of a group; of the default one only its insights. The name stays.
         * @description Needs somebody who is signed in, or a configuration key with `manage_columns`.
         */
        patch: operations["patch__api_environments_env_xray_groups_id"];
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description A name to show and a name for addresses. */
        NameAndSlug: {
            /** @description The name to show. */
            name: string;
            /** @description The name in addresses. */
            slug: string;
        };
        /** @description A named set of events. */
        Dataset: {
            /** @description The name to show. */
            name: string;
            /** @description The name in addresses. */
            slug: string;
            /** @description What people wrote about it. */
            description: string;
            /** @description Levels of nested objects that become columns, 0 to 10. */
            expand_json_depth: number;
            /** @description Settings. */
            settings: {
                /** @description True while it can't be deleted. */
                delete_protected: boolean;
            };
            /** @description `events`, or `metrics`: its metrics are series, which calculations follow through time. */
            dataset_type: string;
            /** @description How many columns it has. */
            regular_columns_count: number;
            /** @description When an event last came. */
            last_written_at: string | null;
            /**
             * Format: date-time
             * @description When it was made.
             */
            created_at: string;
        };
        /** @description New values for a dataset. */
        DatasetChange: {
            /** @description At most 1,024 characters. */
            description: string;
            /** @description Levels of nested objects that become columns, 0 to 10. */
            expand_json_depth: number;
            /** @description Settings. */
            settings?: {
                /** @description True while it can't be deleted. */
                delete_protected?: boolean | null;
            } | null;
            /** @description `events`, or `metrics`: its metrics are series, which calculations follow through time. */
            dataset_type?: string | null;
        };
        /** @description What a dataset's events have. */
        Column: {
            /** @description Its id. */
            id: string;
            /** @description Its name. */
            key_name: string;
            /**
             * @description What its values are read as.
             * @enum {string}
             */
            type: "string" | "float" | "integer" | "boolean" | "histogram";
            /** @description What people wrote about it. */
            description: string;
            /** @description True when lists leave it out. */
            hidden: boolean;
            /** @description When a value last came. */
            last_written: string | null;
            /**
             * Format: date-time
             * @description When it was made.
             */
            created_at: string;
            /**
             * Format: date-time
             * @description When it was last changed.
             */
            updated_at: string;
        };
        /** @description New values for a column; what is absent stays. */
        ColumnChange: {
            /** @description What its values are read as; the type that they came with reads them as they are. */
            type?: ("string" | "float" | "integer" | "boolean" | "histogram") | null;
            /** @description At most 255 characters. */
            description?: string | null;
            /** @description True when lists leave it out. */
            hidden?: boolean | null;
        };
        /** @description Which column plays which part; null where none does. */
        DatasetDefinition: {
            /** @description How long it took. */
            duration_ms: {
                /** @description The name of the column. */
                name: string;
                /**
                 * @description What kind of column.
                 * @enum {string}
                 */
                column_type: "column" | "derived_column";
            } | null;
            /** @description Whether it failed. */
            error: {
                /** @description The name of the column. */
                name: string;
                /**
                 * @description What kind of column.
                 * @enum {string}
                 */
                column_type: "column" | "derived_column";
            } | null;
            /** @description What was done. */
            name: {
                /** @description The name of the column. */
                name: string;
                /**
                 * @description What kind of column.
                 * @enum {string}
                 */
                column_type: "column" | "derived_column";
            } | null;
            /** @description The span above. */
            parent_id: {
                /** @description The name of the column. */
                name: string;
                /**
                 * @description What kind of column.
                 * @enum {string}
                 */
                column_type: "column" | "derived_column";
            } | null;
            /** @description The route of a request. */
            route: {
                /** @description The name of the column. */
                name: string;
                /**
                 * @description What kind of column.
                 * @enum {string}
                 */
                column_type: "column" | "derived_column";
            } | null;
            /** @description Who did it. */
            service_name: {
                /** @description The name of the column. */
                name: string;
                /**
                 * @description What kind of column.
                 * @enum {string}
                 */
                column_type: "column" | "derived_column";
            } | null;
            /** @description The span. */
            span_id: {
                /** @description The name of the column. */
                name: string;
                /**
                 * @description What kind of column.
                 * @enum {string}
                 */
                column_type: "column" | "derived_column";
            } | null;
            /** @description What kind of span. */
            span_kind: {
                /** @description The name of the column. */
                name: string;
                /**
                 * @description What kind of column.
                 * @enum {string}
                 */
                column_type: "column" | "derived_column";
            } | null;
            /** @description Span event or link. */
            annotation_type: {
                /** @description The name of the column. */
                name: string;
                /**
                 * @description What kind of column.
                 * @enum {string}
                 */
                column_type: "column" | "derived_column";
            } | null;
            /** @description The trace a link leads to. */
            link_trace_id: {
                /** @description The name of the column. */
                name: string;
                /**
                 * @description What kind of column.
                 * @enum {string}
                 */
                column_type: "column" | "derived_column";
            } | null;
            /** @description The span a link leads to. */
            link_span_id: {
                /** @description The name of the column. */
                name: string;
                /**
                 * @description What kind of column.
                 * @enum {string}
                 */
                column_type: "column" | "derived_column";
            } | null;
            /** @description The status of a response. */
            status: {
                /** @description The name of the column. */
                name: string;
                /**
                 * @description What kind of column.
                 * @enum {string}
                 */
                column_type: "column" | "derived_column";
            } | null;
            /** @description The trace. */
            trace_id: {
                /** @description The name of the column. */
                name: string;
                /**
                 * @description What kind of column.
                 * @enum {string}
                 */
                column_type: "column" | "derived_column";
            } | null;
            /** @description For whom. */
            user: {
                /** @description The name of the column. */
                name: string;
                /**
                 * @description What kind of column.
                 * @enum {string}
                 */
                column_type: "column" | "derived_column";
            } | null;
            /** @description The text of a log. */
            log_message: {
                /** @description The name of the column. */
                name: string;
                /**
                 * @description What kind of column.
                 * @enum {string}
                 */
                column_type: "column" | "derived_column";
            } | null;
            /** @description How bad a log is. */
            log_severity: {
                /** @description The name of the column. */
                name: string;
                /**
                 * @description What kind of column.
                 * @enum {string}
                 */
                column_type: "column" | "derived_column";
            } | null;
        };
        /** @description Which column shall play which part; what is absent stays. */
        DatasetDefinitionChange: {
            /** @description How long it took. */
            duration_ms?: {
                /** @description The name of the column; empty for none. */
                name: string;
                /**
                 * @description Is ignored.
                 * @enum {string}
                 */
                column_type?: "column" | "derived_column";
            } | null;
            /** @description Whether it failed. */
            error?: {
                /** @description The name of the column; empty for none. */
                name: string;
                /**
                 * @description Is ignored.
                 * @enum {string}
                 */
                column_type?: "column" | "derived_column";
            } | null;
            /** @description What was done. */
            name?: {
                /** @description The name of the column; empty for none. */
                name: string;
                /**
                 * @description Is ignored.
                 * @enum {string}
                 */
                column_type?: "column" | "derived_column";
            } | null;
            /** @description The span above. */
            parent_id?: {
                /** @description The name of the column; empty for none. */
                name: string;
                /**
                 * @description Is ignored.
                 * @enum {string}
                 */
                column_type?: "column" | "derived_column";
            } | null;
            /** @description The route of a request. */
            route?: {
                /** @description The name of the column; empty for none. */
                name: string;
                /**
                 * @description Is ignored.
                 * @enum {string}
                 */
                column_type?: "column" | "derived_column";
            } | null;
            /** @description Who did it. */
            service_name?: {
                /** @description The name of the column; empty for none. */
                name: string;
                /**
                 * @description Is ignored.
                 * @enum {string}
                 */
                column_type?: "column" | "derived_column";
            } | null;
            /** @description The span. */
            span_id?: {
                /** @description The name of the column; empty for none. */
                name: string;
                /**
                 * @description Is ignored.
                 * @enum {string}
                 */
                column_type?: "column" | "derived_column";
            } | null;
            /** @description What kind of span. */
            span_kind?: {
                /** @description The name of the column; empty for none. */
                name: string;
                /**
                 * @description Is ignored.
                 * @enum {string}
                 */
                column_type?: "column" | "derived_column";
            } | null;
            /** @description Span event or link. */
            annotation_type?: {
                /** @description The name of the column; empty for none. */
                name: string;
                /**
                 * @description Is ignored.
                 * @enum {string}
                 */
                column_type?: "column" | "derived_column";
            } | null;
            /** @description The trace a link leads to. */
            link_trace_id?: {
                /** @description The name of the column; empty for none. */
                name: string;
                /**
                 * @description Is ignored.
                 * @enum {string}
                 */
                column_type?: "column" | "derived_column";
            } | null;
            /** @description The span a link leads to. */
            link_span_id?: {
                /** @description The name of the column; empty for none. */
                name: string;
                /**
                 * @description Is ignored.
                 * @enum {string}
                 */
                column_type?: "column" | "derived_column";
            } | null;
            /** @description The status of a response. */
            status?: {
                /** @description The name of the column; empty for none. */
                name: string;
                /**
                 * @description Is ignored.
                 * @enum {string}
                 */
                column_type?: "column" | "derived_column";
            } | null;
            /** @description The trace. */
            trace_id?: {
                /** @description The name of the column; empty for none. */
                name: string;
                /**
                 * @description Is ignored.
                 * @enum {string}
                 */
                column_type?: "column" | "derived_column";
            } | null;
            /** @description For whom. */
            user?: {
                /** @description The name of the column; empty for none. */
                name: string;
                /**
                 * @description Is ignored.
                 * @enum {string}
                 */
                column_type?: "column" | "derived_column";
            } | null;
            /** @description The text of a log. */
            log_message?: {
                /** @description The name of the column; empty for none. */
                name: string;
                /**
                 * @description Is ignored.
                 * @enum {string}
                 */
                column_type?: "column" | "derived_column";
            } | null;
            /** @description How bad a log is. */
            log_severity?: {
                /** @description The name of the column; empty for none. */
                name: string;
                /**
                 * @description Is ignored.
                 * @enum {string}
                 */
                column_type?: "column" | "derived_column";
            } | null;
        };
        /** @description An expression with a name. */
        DerivedColumn: {
            /** @description Its id. */
            id: string;
            /** @description Its name in queries. */
            alias: string;
            /** @description The expression. */
            expression: string;
            /** @description What people wrote about it. */
            description: string;
            /**
             * Format: date-time
             * @description When it was made.
             */
            created_at: string;
            /**
             * Format: date-time
             * @description When it was last changed.
             */
            updated_at: string;
        };
        /** @description An expression to be kept under a name. */
        NewDerivedColumn: {
            /** @description 1 to 255 characters, not the name of a column. */
            alias: string;
            /** @description 1 to 4,095 characters. */
            expression: string;
            /** @description At most 255 characters. */
            description?: string | null;
        };
        /** @description New values for a calculated field; what is absent stays. */
        DerivedColumnChange: {
            /** @description 1 to 255 characters, not the name of a column. */
            alias?: string;
            /** @description 1 to 4,095 characters. */
            expression?: string;
            /** @description At most 255 characters. */
            description?: string | null;
        };
        /** @description A question. An empty object counts the events of the last two hours. */
        QuerySpec: {
            /** @description What to calculate per group; COUNT when none is given. */
            calculations?: components["schemas"]["Calculation"][] | null;
            /** @description Columns whose values make the groups. */
            breakdowns?: string[] | null;
            /** @description Which events. */
            filters?: components["schemas"]["Filter"][] | null;
            /** @description Whether an event has to pass all filters or one; AND unless given. */
            filter_combination?: ("AND" | "OR") | null;
            /** @description Seconds of one point of the series; 0 or absent chooses. */
            granularity?: number | null;
            /** @description The order of the groups. */
            orders?: components["schemas"]["Order"][] | null;
            /** @description Most groups; 1 to 1,000. */
            limit?: number | null;
            /** @description Which groups are shown. */
            havings?: components["schemas"]["Having"][] | null;
            /** @description Columns that are computed for this request. */
            calculated_fields?: components["schemas"]["NamedExpression"][] | null;
            /** @description Values computed from the calculations of a group. */
            formulas?: components["schemas"]["NamedExpression"][] | null;
            /** @description How much earlier the time to compare with is. */
            compare_time_offset_seconds?: number | null;
            /** @description Takes every stored row once; its sample rate is the column `sample_rate`. */
            usage_mode?: boolean | null;
            /** @description Seconds since 1970, included. */
            start_time?: number | null;
            /** @description Seconds since 1970, excluded. */
            end_time?: number | null;
            /** @description Seconds from the start, up to the end or up to now; 7,200 unless given. */
            time_range?: number | null;
        };
        /** @description A value computed from the rows of a group. */
        Calculation: {
            /** @description COUNT, SUM, AVG, P99 and so on. */
            op: string;
            /** @description The column it is computed from; none for COUNT. */
            column?: string | null;
            /** @description What it is called in the answer. */
            name?: string | null;
            /** @description Which rows count for it. */
            filters?: components["schemas"]["Filter"][] | null;
            /** @description How its filters go together. */
            filter_combination?: ("AND" | "OR") | null;
        };
        /** @description A condition on the rows. */
        Filter: {
            /** @description Name of the column. */
            column?: string | null;
            /** @description `=`, `!=`, `>`, `>=`, `<`, `<=`, `starts-with`, `ends-with`, `contains`, their negations with `does-not-`, `exists`, `does-not-exist`, `in`, `not-in`. */
            op: string;
            /** @description A text, number or truth; a list of them for `in` and `not-in`; none for `exists`. */
            value?: unknown;
        };
        /** @description A breakdown or calculation to order the groups by. */
        Order: {
            /** @description Column of the breakdown or calculation. */
            column?: string | null;
            /** @description The calculation. */
            op?: string | null;
            /** @description The direction; ascending unless given. */
            order?: ("ascending" | "descending") | null;
        };
        /** @description A condition on a calculation of the query. */
        Having: {
            /** @description The calculation. */
            calculate_op: string;
            /** @description Its column. */
            column?: string | null;
            /**
             * @description How to compare.
             * @enum {string}
             */
            op: "=" | "!=" | ">" | ">=" | "<" | "<=";
            /** @description What to compare with. */
            value: number;
        };
        /** @description An expression and what it is called. */
        NamedExpression: {
            /** @description What it is called. */
            name: string;
            /** @description How it is computed. */
            expression: string;
        };
        /** @description A saved query: what was sent, with its id. */
        Query: {
            /** @description Its id. */
            id: string;
            /** @description What to calculate per group; COUNT when none is given. */
            calculations?: components["schemas"]["Calculation"][] | null;
            /** @description Columns whose values make the groups. */
            breakdowns?: string[] | null;
            /** @description Which events. */
            filters?: components["schemas"]["Filter"][] | null;
            /** @description Whether an event has to pass all filters or one; AND unless given. */
            filter_combination?: ("AND" | "OR") | null;
            /** @description Seconds of one point of the series; 0 or absent chooses. */
            granularity?: number | null;
            /** @description The order of the groups. */
            orders?: components["schemas"]["Order"][] | null;
            /** @description Most groups; 1 to 1,000. */
            limit?: number | null;
            /** @description Which groups are shown. */
            havings?: components["schemas"]["Having"][] | null;
            /** @description Columns that are computed for this request. */
            calculated_fields?: components["schemas"]["NamedExpression"][] | null;
            /** @description Values computed from the calculations of a group. */
            formulas?: components["schemas"]["NamedExpression"][] | null;
            /** @description How much earlier the time to compare with is. */
            compare_time_offset_seconds?: number | null;
            /** @description Takes every stored row once; its sample rate is the column `sample_rate`. */
            usage_mode?: boolean | null;
            /** @description Seconds since 1970, included. */
            start_time?: number | null;
            /** @description Seconds since 1970, excluded. */
            end_time?: number | null;
            /** @description Seconds from the start, up to the end or up to now; 7,200 unless given. */
            time_range?: number | null;
        };
        /** @description A row of a series. */
        ResultPoint: {
            /**
             * Format: date-time
             * @description Start of its time.
             */
            time: string;
            /** @description Breakdowns and calculations by name. What has no value is absent. */
            data: {
                [key: string]: unknown;
            };
        };
        /** @description A row of a result. */
        ResultRow: {
            /** @description Breakdowns and calculations by name. What has no value is absent. */
            data: {
                [key: string]: unknown;
            };
        };
        /** @description How many rows had which value when. */
        Heatmap: {
            /** @description Lowest value. */
            min_value: number;
            /** @description Highest value. */
            max_value: number;
            /** @description Height of a bin. */
            step_size: number;
            /** @description How many bins there are. */
            bins: number;
            /** @description Start of each time. */
            times: string[];
            /** @description Per time, how many rows each bin has. */
            counts: number[][];
        };
        /** @description A name for a query. */
        QueryAnnotation: {
            /** @description Its id. */
            id: string;
            /** @description The name. */
            name: string;
            /** @description Free text. */
            description: string;
            /** @description The query. */
            query_id: string;
            /**
             * @description Who made it.
             * @enum {string}
             */
            source: "query" | "board";
            /**
             * Format: date-time
             * @description When it was made.
             */
            created_at: string;
            /**
             * Format: date-time
             * @description When it was last changed.
             */
            updated_at: string;
        };
        /** @description A name for a query, to be made. */
        NewQueryAnnotation: {
            /** @description 1 to 320 characters. */
            name: string;
            /** @description At most 1,023 characters. */
            description?: string;
            /** @description The query. */
            query_id: string;
            /**
             * @description Who makes it; query unless given.
             * @enum {string}
             */
            source?: "query" | "board";
        };
        /** @description Another name for the same query. */
        QueryAnnotationChange: {
            /** @description 1 to 320 characters. */
            name: string;
            /** @description At most 1,023 characters. */
            description?: string;
            /** @description The query, which stays. */
            query_id?: string;
        };
        /** @description A page of panels. */
        Board: {
            /** @description Its id. */
            id: string;
            /** @description Its name. */
            name: string;
            /** @description Free text. */
            description: string;
            /**
             * @description The only kind there is.
             * @enum {string}
             */
            type: "flexible";
            /** @description Where people see it. */
            links: {
                /** @description Its page. */
                board_url: string;
            };
            /** @description In reading order. */
            panels: components["schemas"]["Panel"][];
            /** @description Labels. */
            tags: {
                /** @description 1 to 32 lower-case letters. */
                key: string;
                /** @description At most 128 characters, the first a lower-case letter. */
                value: string;
            }[];
            /** @description Columns offered as filters of the whole board. */
            preset_filters: {
                /** @description The column. */
                column: string;
                /** @description What people see, at most 50 characters. */
                alias: string;
            }[];
            /** @description Who sees it; there under `/api/`. */
            sharing?: {
                /**
                 * @description `team` for everybody, `limited` for the maker, administrators and collaborators.
                 * @enum {string}
                 */
                kind: "team" | "limited";
                /** @description E-mail address of who made it; null for boards that a program made. */
                maker: string | null;
                /** @description E-mail addresses; empty for a board of the team. */
                collaborators: string[];
                /** @description True when whoever asks may say who sees it. */
                can_change: boolean;
            };
        };
        /** @description One rectangle of a board. */
        Panel: {
            /**
             * @description What it shows.
             * @enum {string}
             */
            type: "query" | "slo" | "text";
            /** @description Where it is. */
            position: {
                /** @description Left edge on a grid of 12 columns. */
                x_coordinate: number;
                /** @description Upper edge. */
                y_coordinate: number;
                /** @description Columns. */
                width: number;
                /** @description Rows. */
                height: number;
            };
            /** @description Of a query. */
            query_panel?: {
                /** @description The query. */
                query_id: string;
                /** @description Its name. */
                query_annotation_id: string;
                /**
                 * @description Charts, table or both.
                 * @enum {string}
                 */
                query_style: "graph" | "table" | "combo";
                /** @description Slug of the query's dataset. */
                dataset: string;
                /** @description How its charts look. */
                visualization_settings?: components["schemas"]["VisualizationSettings"];
            };
            /** @description Of an SLO. */
            slo_panel?: {
                /** @description The SLO. */
                slo_id: string;
            };
            /** @description Of text. */
            text_panel?: {
                /** @description Markdown, at most 10,000 characters. */
                content: string;
            };
        };
        /** @description How the charts of a query look. */
        VisualizationSettings: {
            /** @description Without the earlier time. */
            hide_compare?: boolean;
            /** @description Without what the pointer shows. */
            hide_hovers?: boolean;
            /** @description Without markers. */
            hide_markers?: boolean;
            /** @description Times in UTC. */
            utc_xaxis?: boolean;
            /** @description Several calculations on one chart. */
            overlaid_charts?: boolean;
            /** @description Chart by chart. */
            charts?: {
                /** @description Which chart, from 0. */
                chart_index?: number;
                /**
                 * @description What kind of chart.
                 * @enum {string}
                 */
                chart_type?: "default" | "line" | "stacked" | "stat" | "tsbar" | "cbar" | "cpie";
                /** @description A logarithmic axis. */
                log_scale?: boolean;
                /** @description Lines over gaps. */
                omit_missing_values?: boolean;
            }[];
        };
        /** @description A page of panels, to be made. */
        NewBoard: {
            /** @description 1 to 255 characters. */
            name: string;
            /** @description At most 1,024 characters. */
            description?: string;
            /**
             * @description The only kind there is.
             * @enum {string}
             */
            type?: "flexible";
            /**
             * @description `auto` places the panels anew.
             * @enum {string}
             */
            layout_generation?: "auto" | "manual";
            /** @description In reading order, at most 200. */
            panels?: components["schemas"]["NewPanel"][];
            /** @description At most 10 labels. */
            tags?: {
                /** @description 1 to 32 lower-case letters. */
                key: string;
                /** @description At most 128 characters, the first a lower-case letter. */
                value: string;
            }[];
            /** @description At most 5 columns offered as filters of the whole board. */
            preset_filters?: {
                /** @description The column. */
                column: string;
                /** @description What people see, at most 50 characters. */
                alias: string;
            }[];
            /** @description Who sees it; under `/api/` only. Absent, it stays as it is: `team` for a new board. */
            sharing?: {
                /**
                 * @description Whether everybody sees it.
                 * @enum {string}
                 */
                kind: "team" | "limited";
                /** @description E-mail addresses of people of the team, at most 100. */
                collaborators?: string[];
            } | null;
        };
        /** @description One rectangle of a board, to be made. */
        NewPanel: {
            /**
             * @description What it shows.
             * @enum {string}
             */
            type: "query" | "slo" | "text";
            /** @description Where it is; all panels say so, or none. */
            position?: {
                /** @description Left edge on a grid of 12 columns. */
                x_coordinate?: number;
                /** @description Upper edge. */
                y_coordinate?: number;
                /** @description Columns. */
                width?: number;
                /** @description Rows. */
                height?: number;
            };
            /** @description Of a query. */
            query_panel?: {
                /** @description The query. */
                query_id: string;
                /** @description A name of that query. */
                query_annotation_id: string;
                /**
                 * @description Charts, table or both; graph unless given.
                 * @enum {string}
                 */
                query_style?: "graph" | "table" | "combo";
                /** @description How its charts look. */
                visualization_settings?: components["schemas"]["VisualizationSettings"];
            };
            /** @description Of an SLO. */
            slo_panel?: {
                /** @description The SLO. */
                slo_id: string;
            };
            /** @description Of text. */
            text_panel?: {
                /** @description Markdown, at most 10,000 characters. */
                content: string;
            };
        };
        /** @description A named set of filters. */
        BoardView: {
            /** @description Its id. */
            id: string;
            /** @description Its name, unique on its board. */
            name: string;
            /** @description At least one. */
            filters: {
                /** @description The column. */
                column: string;
                /** @description A filter operator of queries. */
                operation: string;
                /** @description What it compares with; a list for `in` and `not-in`, absent for `exists` and `does-not-exist`. */
                value?: unknown;
            }[];
        };
        /** @description A named set of filters, to be made. */
        NewBoardView: {
            /** @description 1 to 255 characters, unique on its board. */
            name: string;
            /** @description 1 to 100 filters. */
            filters: {
                /** @description The column. */
                column: string;
                /** @description A filter operator of queries. */
                operation: string;
                /** @description What it compares with; a list for `in` and `not-in`, absent for `exists` and `does-not-exist`. */
                value?: unknown;
            }[];
        };
        /** @description A moment or a span of time. */
        Marker: {
            /** @description Its id. */
            id: string;
            /** @description Seconds since the Unix epoch. */
            start_time: number;
            /** @description Seconds since the Unix epoch; absent for a moment. */
            end_time?: number;
            /** @description What happened. */
            message?: string;
            /** @description What kind of thing happened. */
            type?: string;
            /** @description Where to read more. */
            url?: string;
            /** @description The colour of the type, in lists only. */
            color?: string;
            /**
             * Format: date-time
             * @description When it was made.
             */
            created_at: string;
            /**
             * Format: date-time
             * @description When it was last changed.
             */
            updated_at: string;
        };
        /** @description What is to be said of a marker. */
        MarkerValues: {
            /** @description Seconds since the Unix epoch; now unless given. */
            start_time?: number;
            /** @description Seconds since the Unix epoch; absent for a moment. */
            end_time?: number;
            /** @description What happened. */
            message?: string;
            /** @description What kind of thing happened; settings give it a colour. */
            type?: string;
            /** @description Where to read more. */
            url?: string;
        };
        /** @description A place that takes alerts. */
        Recipient: {
            /** @description Its id. */
            id: string;
            /**
             * @description How it is reached.
             * @enum {string}
             */
            type: "email" | "slack" | "pagerduty" | "webhook" | "msteams_workflow" | "msteams";
            /** @description Where it is, by its type. */
            details: {
                /** @description Of email. */
                email_address?: string;
                /** @description Of slack. */
                slack_channel?: string;
                /** @description Of pagerduty. */
                pagerduty_integration_name?: string;
                /** @description Of pagerduty: 32 characters. */
                pagerduty_integration_key?: string;
                /** @description Of webhook and msteams_workflow. */
                webhook_name?: string;
                /** @description Of webhook and msteams_workflow. */
                webhook_url?: string;
                /** @description Of webhook: is sent in a header. */
                webhook_secret?: string;
                /** @description Of webhook: at most 5 more headers. */
                webhook_headers?: {
                    /** @description The name, at most 64 characters. */
                    header: string;
                    /** @description The value, at most 750 characters. */
                    value?: string;
                }[];
                /** @description Of webhook: bodies of its own. */
                webhook_payloads?: {
                    /** @description At most 10 variables, to which triggers give values. */
                    template_variables?: {
                        /** @description A letter, then letters and digits. */
                        name: string;
                        /** @description At most 256 characters. */
                        default_value?: string;
                    }[];
                    /** @description Templates of the bodies. */
                    payload_templates?: {
                        /** @description For triggers. */
                        trigger?: {
                            /** @description The template, at most 20,000 characters. */
                            body: string;
                        };
                        /** @description For burn alerts of that type. */
                        budget_rate?: {
                            /** @description The template, at most 20,000 characters. */
                            body: string;
                        };
                        /** @description For burn alerts of that type. */
                        exhaustion_time?: {
                            /** @description The template, at most 20,000 characters. */
                            body: string;
                        };
                    };
                };
            };
            /**
             * Format: date-time
             * @description When it was made.
             */
            created_at: string;
            /**
             * Format: date-time
             * @description When it was last changed.
             */
            updated_at: string;
        };
        /** @description A place that takes alerts, to be made. */
        NewRecipient: {
            /**
             * @description How it is reached; msteams only for old ones.
             * @enum {string}
             */
            type: "email" | "slack" | "pagerduty" | "webhook" | "msteams_workflow" | "msteams";
            /** @description Where it is, by its type. */
            details: {
                /** @description Of email. */
                email_address?: string;
                /** @description Of slack. */
                slack_channel?: string;
                /** @description Of pagerduty. */
                pagerduty_integration_name?: string;
                /** @description Of pagerduty: 32 characters. */
                pagerduty_integration_key?: string;
                /** @description Of webhook and msteams_workflow. */
                webhook_name?: string;
                /** @description Of webhook and msteams_workflow. */
                webhook_url?: string;
                /** @description Of webhook: is sent in a header. */
                webhook_secret?: string;
                /** @description Of webhook: at most 5 more headers. */
                webhook_headers?: {
                    /** @description The name, at most 64 characters. */
                    header: string;
                    /** @description The value, at most 750 characters. */
                    value?: string;
                }[];
                /** @description Of webhook: bodies of its own. */
                webhook_payloads?: {
                    /** @description At most 10 variables, to which triggers give values. */
                    template_variables?: {
                        /** @description A letter, then letters and digits. */
                        name: string;
                        /** @description At most 256 characters. */
                        default_value?: string;
                    }[];
                    /** @description Templates of the bodies. */
                    payload_templates?: {
                        /** @description For triggers. */
                        trigger?: {
                            /** @description The template, at most 20,000 characters. */
                            body: string;
                        };
                        /** @description For burn alerts of that type. */
                        budget_rate?: {
                            /** @description The template, at most 20,000 characters. */
                            body: string;
                        };
                        /** @description For burn alerts of that type. */
                        exhaustion_time?: {
                            /** @description The template, at most 20,000 characters. */
                            body: string;
                        };
                    };
                };
            };
        };
        /** @description A query with a threshold. */
        Trigger: {
            /** @description Its id. */
            id: string;
            /** @description Its name. */
            name: string;
            /** @description Free text. */
            description: string;
            /** @description Labels. */
            tags: {
                /** @description 1 to 32 lower-case letters. */
                key: string;
                /** @description At most 128 characters, the first a lower-case letter. */
                value: string;
            }[];
            /** @description Its dataset, or `__all__`. */
            dataset_slug: string;
            /** @description The query. */
            query_id: string;
            /** @description The same, written out; null when an erasure took it away. */
            query: components["schemas"]["Query"] | null;
            /** @description When an answer is too much. */
            threshold: {
                /**
                 * @description The comparison.
                 * @enum {string}
                 */
                op: ">" | ">=" | "<" | "<=";
                /** @description What an answer is compared with. */
                value: number;
                /** @description So many answers in a row. */
                exceeded_limit: number;
            };
            /** @description Seconds between two looks. */
            frequency: number;
            /**
             * @description When people are told.
             * @enum {string}
             */
            alert_type: "on_change" | "on_true";
            /** @description True while nobody looks. */
            disabled: boolean;
            /** @description True while the answer is too much. */
            triggered: boolean;
            /**
             * @description When it looks.
             * @enum {string}
             */
            evaluation_schedule_type: "frequency" | "window";
            /** @description Of the type window. */
            evaluation_schedule?: {
                /** @description The hours in which it looks. */
                window: {
                    /** @description 1 to 7 days on which it begins. */
                    days_of_week: ("sunday" | "monday" | "tuesday" | "wednesday" | "thursday" | "friday" | "saturday")[];
                    /** @description `HH:mm`, UTC. */
                    start_time: string;
                    /** @description `HH:mm`, UTC; of the next day when not after the start. */
                    end_time: string;
                };
            };
            /** @description What is compared with an earlier time. */
            baseline_details?: {
                /** @description 60, 1440, 10080 or 40320: how much earlier. */
                offset_minutes?: number;
                /**
                 * @description What is compared with the threshold: now minus earlier, or that by now in percent.
                 * @enum {string}
                 */
                type?: "value" | "percentage";
            };
            /** @description Who is told. */
            recipients: {
                /** @description The recipient. */
                id: string;
                /**
                 * @description How it is reached.
                 * @enum {string}
                 */
                type: "email" | "slack" | "pagerduty" | "webhook" | "msteams_workflow" | "msteams" | "marker";
                /** @description Its address or name. */
                target: string;
                /** @description What this recipient is told differently. */
                details?: {
                    /**
                     * @description How urgent it is for PagerDuty; critical unless given.
                     * @enum {string}
                     */
                    pagerduty_severity?: "critical" | "error" | "warning" | "info";
                    /** @description Values for the templates of a webhook. */
                    variables?: {
                        /** @description A variable of the webhook's templates. */
                        name: string;
                        /** @description Its value, at most 256 characters. */
                        value: string;
                    }[];
                };
            }[];
            /**
             * Format: date-time
             * @description When it was made.
             */
            created_at: string;
            /**
             * Format: date-time
             * @description When it was last changed.
             */
            updated_at: string;
        };
        /** @description A query with a threshold, to be made. */
        NewTrigger: {
            /** @description 1 to 120 characters. */
            name: string;
            /** @description At most 1,023 characters. */
            description?: string;
            /** @description At most 10 labels. */
            tags?: {
                /** @description 1 to 32 lower-case letters. */
                key: string;
                /** @description At most 128 characters, the first a lower-case letter. */
                value: string;
            }[];
            /** @description The query, or else `query`. */
            query_id?: string;
            /** @description The query written out, or else `query_id`. */
            query?: components["schemas"]["QuerySpec"];
            /** @description When an answer is too much. */
            threshold: {
                /**
                 * @description The comparison.
                 * @enum {string}
                 */
                op: ">" | ">=" | "<" | "<=";
                /** @description What an answer is compared with. */
                value: number;
                /** @description 1 to 5 answers in a row; 1 unless given. */
                exceeded_limit?: number;
            };
            /** @description 60 to 86,400 seconds, whole minutes; 900 unless given. */
            frequency?: number;
            /**
             * @description When people are told; on_change unless given.
             * @enum {string}
             */
            alert_type?: "on_change" | "on_true";
            /** @description True so that nobody looks. */
            disabled?: boolean;
            /**
             * @description When it looks; frequency unless given.
             * @enum {string}
             */
            evaluation_schedule_type?: "frequency" | "window";
            /** @description Of the type window. */
            evaluation_schedule?: {
                /** @description The hours in which it looks. */
                window: {
                    /** @description 1 to 7 days on which it begins. */
                    days_of_week: ("sunday" | "monday" | "tuesday" | "wednesday" | "thursday" | "friday" | "saturday")[];
                    /** @description `HH:mm`, UTC. */
                    start_time: string;
                    /** @description `HH:mm`, UTC; of the next day when not after the start. */
                    end_time: string;
                };
            };
            /** @description What is compared with an earlier time; `{}` for none. */
            baseline_details?: {
                /** @description 60, 1440, 10080 or 40320: how much earlier. */
                offset_minutes?: number;
                /**
                 * @description What is compared with the threshold: now minus earlier, or that by now in percent.
                 * @enum {string}
                 */
                type?: "value" | "percentage";
            };
            /** @description Who is told. */
            recipients?: {
                /** @description The recipient. */
                id?: string;
                /**
                 * @description In place of an id: how it is reached.
                 * @enum {string}
                 */
                type?: "email" | "slack" | "pagerduty" | "webhook" | "msteams_workflow" | "msteams" | "marker";
                /** @description In place of an id: its address or name; of a marker its message, at most 10,000 characters. */
                target?: string;
                /** @description What this recipient is told differently. */
                details?: {
                    /**
                     * @description How urgent it is for PagerDuty; critical unless given.
                     * @enum {string}
                     */
                    pagerduty_severity?: "critical" | "error" | "warning" | "info";
                    /** @description Values for the templates of a webhook. */
                    variables?: {
                        /** @description A variable of the webhook's templates. */
                        name: string;
                        /** @description Its value, at most 256 characters. */
                        value: string;
                    }[];
                };
            }[];
        };
        /** @description A promise about how many events are good. */
        Slo: {
            /** @description Its id. */
            id: string;
            /** @description Its name. */
            name: string;
            /** @description Free text. */
            description: string;
            /** @description What is good. */
            sli: {
                /** @description The calculated field that says whether an event is good; no value does not count. It follows no metric through time (LAST, RATE ...). */
                alias: string;
            };
            /** @description Over how many days. */
            time_period_days: number;
            /** @description Good events of a million. */
            target_per_million: number;
            /** @description Labels. */
            tags: {
                /** @description 1 to 32 lower-case letters. */
                key: string;
                /** @description At most 128 characters, the first a lower-case letter. */
                value: string;
            }[];
            /** @description Events before count no more. */
            reset_at: string | null;
            /** @description The datasets it reads. */
            dataset_slugs: string[];
            /**
             * Format: date-time
             * @description When it was made.
             */
            created_at: string;
            /**
             * Format: date-time
             * @description When it was last changed.
             */
            updated_at: string;
            /** @description Good events of the period, in percent. */
            compliance?: number;
            /** @description Of the failures allowed, in percent; may be below 0. */
            budget_remaining?: number;
            /**
             * @description How its burn alerts are.
             * @enum {string}
             */
            status?: "normal" | "triggered" | "no_alerts" | "no_events";
            /** @description How many times as fast as allowed events failed in the last 4 hours. */
            burn_rate?: number;
        };
        /** @description A promise, to be made. */
        NewSlo: {
            /** @description 1 to 120 characters. */
            name: string;
            /** @description At most 1,023 characters. */
            description?: string;
            /** @description What is good. */
            sli: {
                /** @description The calculated field that says whether an event is good; no value does not count. It follows no metric through time (LAST, RATE ...). */
                alias: string;
            };
            /** @description 1 to 366 days. */
            time_period_days: number;
            /** @description 0 to 999,999 good events of a million. */
            target_per_million: number;
            /** @description At most 10 labels. */
            tags?: {
                /** @description 1 to 32 lower-case letters. */
                key: string;
                /** @description At most 128 characters, the first a lower-case letter. */
                value: string;
            }[];
            /** @description Events before count no more; stays unless given. */
            reset_at?: string | null;
            /** @description 1 to 10 datasets, with `__all__` only. */
            dataset_slugs?: string[];
        };
        /** @description Which SLOs and times. */
        SloHistoryQuestion: {
            /** @description 1 to 24 SLOs. */
            ids: string[];
            /** @description Seconds since the Unix epoch, at most a year ago. */
            start_time: number;
            /** @description Seconds since the Unix epoch, not after now. */
            end_time: number;
        };
        /** @description Who is told about a budget. */
        BurnAlert: {
            /** @description Its id. */
            id: string;
            /**
             * @description When people are told.
             * @enum {string}
             */
            alert_type: "exhaustion_time" | "budget_rate";
            /** @description Free text. */
            description: string;
            /** @description True while the budget runs out. */
            triggered: boolean;
            /** @description Whose budget. */
            slo: {
                /** @description The SLO. */
                id: string;
            };
            /** @description Of exhaustion_time: told when the budget would be gone so soon; 0 when it is gone. */
            exhaustion_minutes?: number;
            /** @description Of budget_rate: the time in which the budget falls, at least 60. */
            budget_rate_window_minutes?: number;
            /** @description Of budget_rate: by how many millionths it falls, 1 to 1,000,000. */
            budget_rate_decrease_threshold_per_million?: number;
            /** @description Who is told; absent in lists. */
            recipients?: {
                /** @description The recipient. */
                id: string;
                /**
                 * @description How it is reached.
                 * @enum {string}
                 */
                type: "email" | "slack" | "pagerduty" | "webhook" | "msteams_workflow" | "msteams" | "marker";
                /** @description Its address or name. */
                target: string;
                /** @description What this recipient is told differently. */
                details?: {
                    /**
                     * @description How urgent it is for PagerDuty; critical unless given.
                     * @enum {string}
                     */
                    pagerduty_severity?: "critical" | "error" | "warning" | "info";
                    /** @description Values for the templates of a webhook. */
                    variables?: {
                        /** @description A variable of the webhook's templates. */
                        name: string;
                        /** @description Its value, at most 256 characters. */
                        value: string;
                    }[];
                };
            }[];
            /**
             * Format: date-time
             * @description When it was made.
             */
            created_at: string;
            /**
             * Format: date-time
             * @description When it was last changed.
             */
            updated_at: string;
        };
        /** @description Which share of which requests clients keep. In patterns `*` is any run of characters and `?` any one. */
        XRaySamplingRule: {
            /** @description 1 to 32 characters; unique. */
            RuleName?: string;
            /** @description In place of the name. */
            RuleARN?: string;
            /** @description Pattern, at most 500 characters. */
            ResourceARN?: string;
            /** @description 1 to 9999; the lowest is tried first. */
            Priority?: number;
            /** @description Which share is kept when the reservoir is empty, 0 to 1. */
            FixedRate?: number;
            /** @description How many a second are kept whatever the rate, over all clients. */
            ReservoirSize?: number;
            /** @description Pattern, at most 64 characters. */
            ServiceName?: string;
            /** @description Pattern, at most 64 characters. */
            ServiceType?: string;
            /** @description Pattern, at most 64 characters. */
            Host?: string;
            /** @description Pattern, at most 10 characters. */
            HTTPMethod?: string;
            /** @description Pattern, at most 128 characters. */
            URLPath?: string;
            /** @description 1. */
            Version?: number;
            /** @description At most 5, names and patterns of 1 to 32 characters. */
            Attributes?: {
                [key: string]: string;
            };
            /** @description Kept, and not acted on. */
            SamplingRateBoost?: {
                /** @description 0 to 1. */
                MaxRate: number;
                /** @description At least 0. */
                CooldownWindowMinutes: number;
            };
        };
        /** @description A sampling rule with its times. */
        XRaySamplingRuleRecord: {
            /** @description The rule. */
            SamplingRule: components["schemas"]["XRaySamplingRule"];
            /** @description In seconds since 1970. */
            CreatedAt: number;
            /** @description In seconds since 1970. */
            ModifiedAt: number;
        };
        /** @description A filter of traces with a name. */
        XRayGroup: {
            /** @description 1 to 32 letters, digits and dashes; unique. */
            GroupName: string;
            /** @description Its ARN. */
            GroupARN: string;
            /** @description Which traces are in it. */
            FilterExpression?: string;
            /** @description What is watched. */
            InsightsConfiguration?: {
                /** @description Whether its faults are watched. */
                InsightsEnabled?: boolean;
                /** @description Whether somebody is told; only with the other. */
                NotificationsEnabled?: boolean;
            };
        };
        /** @description Who is signed in, if anybody, and facts about the server. */
        Session: {
            /** @description Version of the server. */
            version: string;
            /** @description True when no sign-in is needed. */
            dev: boolean;
            /** @description Who is signed in. */
            user: {
                /** @description Address. */
                email: string;
                /** @description Name. */
                name: string;
            } | null;
            /** @description The person's team. */
            team: components["schemas"]["NameAndSlug"] | null;
            /** @description The environments of the team. */
            environments: {
                /** @description The name to show. */
                name: string;
                /** @description The name in addresses. */
                slug: string;
                /** @description The colour people know it by. */
                color: string;
            }[];
            /** @description Address of the server. */
            origin: string;
            /** @description Where OTLP over gRPC is taken. */
            grpc: string | null;
            /** @description Where OTLP over HTTP is taken too. */
            otlp_http: string | null;
            /** @description Where X-Ray's SDKs send by UDP and ask by TCP. */
            xray: string | null;
        };
        /** @description A person of the team. */
        Member: {
            /** @description E-mail address. */
            email: string;
            /** @description Name. */
            name: string;
            /**
             * @description What the person may do.
             * @enum {string}
             */
            role: "administrator" | "member";
            /**
             * Format: date-time
             * @description When the account was made.
             */
            created_at: string;
        };
        /** @description An environment of the team. */
        TeamEnvironment: {
            /** @description The name to show. */
            name: string;
            /** @description The name in addresses. */
            slug: string;
            /** @description What people wrote about it. */
            description: string;
            /**
             * @description The colour people know it by.
             * @enum {string}
             */
            color: "blue" | "green" | "gold" | "red" | "purple" | "lightBlue" | "lightGreen" | "lightGold" | "lightRed" | "lightPurple";
            /** @description True while it can't be deleted. */
            delete_protected: boolean;
            /**
             * Format: date-time
             * @description When it was made.
             */
            created_at: string;
        };
        /** @description A key of the environment. */
        Key: {
            /** @description Its public id. */
            id: string;
            /** @description What people call it. */
            name: string;
            /** @description What it is for. */
            kind: string;
            /** @description True when it is refused for now. */
            disabled: boolean;
            /** @description What it may do, beside sending events for an ingest key. */
            permissions: string[];
            /**
             * Format: date-time
             * @description When it was made.
             */
            created_at: string;
            /**
             * Format: date-time
             * @description When it was last changed.
             */
            updated_at: string;
        };
        /** @description A new key and the only sight of its secret. */
        MadeKey: {
            /** @description Its public id. */
            id: string;
            /** @description What people call it. */
            name: string;
            /** @description What clients send. */
            key: string;
            /** @description What it is for. */
            kind: string;
        };
        /** @description A dataset and what it holds. */
        HeldDataset: {
            /** @description The name to show. */
            name: string;
            /** @description The name in addresses. */
            slug: string;
            /** @description `events`, or `metrics`: its metrics are series, which calculations follow through time. */
            dataset_type: string;
            /**
             * Format: date-time
             * @description When it was made.
             */
            created_at: string;
            /** @description When an event last came. */
            last_written_at: string | null;
            /** @description How many events it holds. */
            event_count: number;
            /** @description How many columns it has. */
            column_count: number;
            /** @description Bytes on disk. */
            stored_bytes: number;
            /** @description The limits that count for it. */
            retention: components["schemas"]["RetentionLimits"];
            /** @description What it took in on the days with events, the oldest first; there when days were asked for. */
            days?: {
                /** @description The day of arrival, UTC. */
                day: string;
                /** @description Events, each as one whatever its sample rate; those of metrics too. */
                events: number;
                /** @description Bytes of their names and values, before compression. */
                bytes: number;
                /** @description Those of the events that hold metrics. */
                metric_events: number;
                /** @description The data points of metrics that these were made of. */
                data_points: number;
            }[];
        };
        /** @description Limits of age and size. 0 keeps everything; null leaves it to whoever stands above. */
        RetentionLimits: {
            /** @description Seconds. */
            age_s?: number | null;
            /** @description Bytes on disk. */
            bytes?: number | null;
        };
        /** @description Which columns go. */
        ColumnDeletion: {
            /** @description Their ids, at most as many as the setting `column-deletions-max` says. */
            ids: string[];
        };
        /** @description What became of columns that were to be deleted; one that is in neither list was not there. */
        ColumnsDeleted: {
            /** @description The ids of those that are gone. */
            deleted: string[];
            /** @description The ids of those that stay, because the dataset's definition uses them. */
            in_use: string[];
        };
        /** @description A question. Members that are not named here are refused. */
        OwnQuerySpec: {
            /** @description Of the query that this one was; ignored. */
            id?: string;
            /** @description What to calculate per group; COUNT when none is given. */
            calculations?: components["schemas"]["Calculation"][] | null;
            /** @description Columns whose values make the groups. */
            breakdowns?: string[] | null;
            /** @description Which events. */
            filters?: components["schemas"]["Filter"][] | null;
            /** @description Whether an event has to pass all filters or one; AND unless given. */
            filter_combination?: ("AND" | "OR") | null;
            /** @description Seconds of one point of the series; 0 or absent chooses. */
            granularity?: number | null;
            /** @description The order of the groups. */
            orders?: components["schemas"]["Order"][] | null;
            /** @description Most groups; 1 to 1,000. */
            limit?: number | null;
            /** @description Which groups are shown. */
            havings?: components["schemas"]["Having"][] | null;
            /** @description Columns that are computed for this request. */
            calculated_fields?: components["schemas"]["NamedExpression"][] | null;
            /** @description Values computed from the calculations of a group. */
            formulas?: components["schemas"]["NamedExpression"][] | null;
            /** @description How much earlier the time to compare with is. */
            compare_time_offset_seconds?: number | null;
            /** @description Takes every stored row once; its sample rate is the column `sample_rate`. */
            usage_mode?: boolean | null;
            /** @description Seconds since 1970, included. */
            start_time?: number | null;
            /** @description Seconds since 1970, excluded. */
            end_time?: number | null;
            /** @description Seconds from the start, up to the end or up to now; 7,200 unless given. */
            time_range?: number | null;
        };
        /** @description What an answer cost and how exact it is. */
        Stats: {
            /** @description Rows that were looked at. */
            rows_read: number;
            /** @description Rows that passed the filters. */
            rows_matched: number;
            /** @description Bytes read from blocks. */
            bytes_read: number;
            /** @description Blocks that were read. */
            blocks_read: number;
            /** @description Milliseconds it took. */
            elapsed_ms: number;
            /** @description True when some row stands for more than one event. */
            sample_rate_applied: boolean;
            /** @description What is not exact in the answer. */
            approximate: unknown;
        };
        /** @description A query that is being answered. */
        RunningQuery: {
            /** @description Its id while it runs. */
            id: string;
            /** @description What it is for. */
            kind: string;
            /** @description Rows it has looked at. */
            rows_read: number;
            /** @description Milliseconds since it began. */
            elapsed_ms: number;
        };
        /** @description A run of a query. */
        PastRun: {
            /** @description Id of the answer. */
            result_id: string;
            /** @description Id of the query. */
            query_id: string;
            /** @description The query as it was sent. */
            query: components["schemas"]["Query"];
            /** @description What annotations call the query. */
            names: string[];
            /** @description Slug of the dataset, `__all__` for all; null when it is gone. */
            dataset: string | null;
            /** @description Slug of the environment. */
            environment: string;
            /** @description Who ran it. */
            run_by: components["schemas"]["Runner"];
            /**
             * Format: date-time
             * @description When.
             */
            asked_at: string;
            /**
             * @description Whether the answer can be read; a forgotten one has become too old.
             * @enum {string}
             */
            state: "running" | "kept" | "forgotten" | "failed";
            /** @description Why it failed. */
            failure: string | null;
            /** @description How long it took, in milliseconds; null while it runs. */
            elapsed_ms: number | null;
            /** @description Rows it looked at; null while it runs. */
            rows_read: number | null;
        };
        /** @description Who ran a query. */
        Runner: {
            /**
             * @description A person, a program, or somebody at the machine itself.
             * @enum {string}
             */
            kind: "user" | "key" | "machine";
            /** @description Id of the person or key; null for the machine. */
            id: string | null;
            /** @description What they are called; null when they are gone. */
            name: string | null;
        };
        /** @description Which events to show. */
        RowsRequest: {
            /** @description Which events. */
            filters?: components["schemas"]["Filter"][] | null;
            /** @description Whether an event has to pass all filters or one; AND unless given. */
            filter_combination?: ("AND" | "OR") | null;
            /** @description Columns that are computed for this request. */
            calculated_fields?: components["schemas"]["NamedExpression"][] | null;
            /** @description Takes every stored row once; its sample rate is the column `sample_rate`. */
            usage_mode?: boolean | null;
            /** @description Seconds from the start, up to the end or up to now; 7,200 unless given. */
            time_range?: number | null;
            /** @description Seconds since 1970, included. */
            start_time?: number | null;
            /** @description Seconds since 1970, excluded. */
            end_time?: number | null;
            /** @description The start in nanoseconds. */
            start_time_ns?: string | null;
            /** @description The end in nanoseconds. */
            end_time_ns?: string | null;
            /** @description Seconds of a step in which calculated fields follow series of metrics, as the answer of the query has it; 0 or absent chooses. */
            granularity?: number | null;
            /** @description Most events, 1 to 1,000. */
            limit?: number | null;
            /** @description The `next` of the page before. */
            before?: string | null;
        };
        /** @description An event with every field. */
        Row: {
            /**
             * Format: date-time
             * @description When it happened.
             */
            timestamp: string;
            /** @description The same in nanoseconds since 1970. */
            timestamp_ns: string;
            /** @description Slug of its dataset. */
            dataset: string | null;
            /** @description How many events it stands for. */
            sample_rate: number;
            /** @description Its fields. */
            data: {
                [key: string]: unknown;
            };
            /** @description What its dataset's definition says of the event, by the names that are usual for it, such as `trace.trace_id` and `duration_ms`; null says that the event has nothing of it. Only where `data` has something else by these names. */
            by_definition?: {
                [key: string]: unknown;
            };
        };
        /** @description A field of the events of a trace. Its k-th entry is of the event rows[k] and has the value values[index[k]]. */
        TraceColumn: {
            /** @description Its name. */
            name: string;
            /** @description Its values. */
            values: unknown[];
            /** @description Events that have it, ascending; all of them when left out. */
            rows?: number[];
            /** @description Which of the values; 0, 1, 2 and so on when left out. */
            index?: number[];
        };
        /** @description Spans and logs that were left out of a trace. */
        TraceLeftOut: {
            /** @description The event they lie below, at any depth; null where nothing above them is shown either. */
            below: number | null;
            /** @description How many. */
            count: number;
        };
        /** @description Which rows to compare with which. */
        BubbleUpRequest: {
            /** @description Which events. */
            filters?: components["schemas"]["Filter"][] | null;
            /** @description Whether an event has to pass all filters or one; AND unless given. */
            filter_combination?: ("AND" | "OR") | null;
            /** @description Columns that are computed for this request. */
            calculated_fields?: components["schemas"]["NamedExpression"][] | null;
            /** @description Takes every stored row once; its sample rate is the column `sample_rate`. */
            usage_mode?: boolean | null;
            /** @description Seconds from the start, up to the end or up to now; 7,200 unless given. */
            time_range?: number | null;
            /** @description Seconds since 1970, included. */
            start_time?: number | null;
            /** @description Seconds since 1970, excluded. */
            end_time?: number | null;
            /** @description The start in nanoseconds. */
            start_time_ns?: string | null;
            /** @description The end in nanoseconds. */
            end_time_ns?: string | null;
            /** @description Seconds of a step in which calculated fields follow series of metrics, as the answer of the query has it; 0 or absent chooses. */
            granularity?: number | null;
            /** @description Those of the rows to compare with the others. */
            selection: {
                /** @description Seconds since 1970, included. */
                start_time?: number | null;
                /** @description Seconds since 1970, excluded. */
                end_time?: number | null;
                /** @description The start in nanoseconds. */
                start_time_ns?: string | null;
                /** @description The end in nanoseconds. */
                end_time_ns?: string | null;
                /** @description Which rows are selected; all of them must pass. */
                filters?: components["schemas"]["Filter"][] | null;
                /** @description AND, if it is given. */
                filter_combination?: ("AND" | "OR") | null;
            };
            /** @description Which columns; all unless given. Calculated fields are compared too. */
            columns?: string[] | null;
            /** @description Most values of a column, 1 to 1,000; 40 unless given. */
            values_max?: number | null;
        };
        /** @description How the selection differs, the most telling column first. */
        BubbleUp: {
            /** @description Selected rows. */
            selection_count: number;
            /** @description Other rows. */
            baseline_count: number;
            /** @description The columns. */
            fields: components["schemas"]["BubbleUpField"][];
            /** @description How many columns were not compared. */
            columns_left_out: number;
            /** @description What the answer cost. */
            stats: components["schemas"]["Stats"];
        };
        /** @description One column, compared. */
        BubbleUpField: {
            /** @description Its name. */
            column: string;
            /**
             * @description How it was compared.
             * @enum {string}
             */
            kind: "dimension" | "measure" | "unique" | "too_many_values";
            /** @description How telling it is, 0 to 1. */
            score: number;
            /** @description Selected rows. */
            selection_count: number;
            /** @description Other rows. */
            baseline_count: number;
            /** @description The values of a dimension. */
            values?: {
                /** @description The value; null for rows without one. */
                value: unknown;
                /** @description Selected rows. */
                selection_count: number;
                /** @description Other rows. */
                baseline_count: number;
            }[];
            /** @description The values of a dimension that are not listed. */
            other?: {
                /** @description How many values. */
                value_count: number;
                /** @description Selected rows. */
                selection_count: number;
                /** @description Other rows. */
                baseline_count: number;
            } | null;
            /** @description The bins of a measure. */
            bins?: {
                /** @description Lowest value. */
                low: number;
                /** @description Highest value. */
                high: number;
                /** @description Selected rows. */
                selection_count: number;
                /** @description Other rows. */
                baseline_count: number;
            }[];
        };
        /** @description The expression, and which events to try it on. */
        CalculatedFieldPreviewRequest: {
            /** @description Seconds since 1970, included. */
            start_time?: number | null;
            /** @description Seconds since 1970, excluded. */
            end_time?: number | null;
            /** @description Seconds from the start, up to the end or up to now; 7,200 unless given. */
            time_range?: number | null;
            /** @description The expression. */
            expression: string;
            /** @description Most events, 1 to 100; 10 unless given. */
            limit?: number | null;
        };
        /** @description What an expression is, or what is wrong with it. */
        CalculatedFieldPreview: {
            /** @description What is wrong; the rest is absent then. */
            error?: components["schemas"]["ExpressionError"];
            /**
             * @description The type of its values; any when it depends on the event.
             * @enum {string}
             */
            type?: "string" | "integer" | "float" | "boolean" | "any";
            /** @description The columns it reads. */
            columns?: string[];
            /** @description Those of them that no event of the dataset has had. */
            unknown_columns?: string[];
            /** @description The newest events. */
            rows?: components["schemas"]["CalculatedFieldRow"][];
        };
        /** @description What is wrong with an expression, and where. */
        ExpressionError: {
            /** @description What is wrong. */
            message: string;
            /** @description Bytes before it. */
            position: number;
            /** @description Its line, from 1. */
            line: number;
            /** @description Its character in the line, from 1. */
            column: number;
        };
        /** @description An expression in one event. */
        CalculatedFieldRow: {
            /**
             * Format: date-time
             * @description Time of the event.
             */
            time: string;
            /** @description The value; absent when it is empty. */
            value?: unknown;
            /** @description The columns that the event has of those it reads. */
            inputs: {
                [key: string]: unknown;
            };
        };
        /** @description A function of the language. */
        ExpressionFunction: {
            /** @description Its name. */
            name: string;
            /** @description How it is called. */
            usage: string;
            /** @description The operator that means the same, or nothing. */
            operator: string;
            /** @description The type of its values. */
            type: string;
            /** @description What it gives. */
            summary: string;
        };
        /** @description Rows and what their columns are. */
        SqlAnswer: {
            /** @description The columns. */
            columns: {
                /** @description Its name. */
                name: string;
                /** @description Its type. */
                type: string;
            }[];
            /** @description The rows, each a list of values. */
            rows: unknown[][];
            /** @description True when there are more rows. */
            truncated: boolean;
            /** @description Milliseconds it took. */
            elapsed_ms: number;
        };
        /** @description Refusals of one kind. */
        Rejection: {
            /** @description The way they came: events, batch, otlp_http, otlp_grpc, kinesis or xray. */
            protocol: string;
            /** @description Why, in one word. */
            reason: string;
            /** @description Why, and what to do about it. */
            advice: string;
            /** @description How many: events, or requests that were refused as a whole. */
            count: number;
            /**
             * Format: date-time
             * @description When the last of them came.
             */
            last_at: string;
        };
        /** @description What is kept, and why. */
        Retention: {
            /** @description Limits of the server. */
            server: components["schemas"]["RetentionLimits"];
            /** @description Limits of the environment. */
            environment: components["schemas"]["RetentionLimits"];
            /** @description True when nothing was changed. */
            is_preview: boolean;
            /** @description Each dataset, or the one that was asked for. */
            datasets: components["schemas"]["DatasetRetention"][];
        };
        /** @description What a dataset keeps, and what it would lose. */
        DatasetRetention: {
            /** @description Its slug. */
            dataset: string;
            /** @description Its own limits. */
            limits: components["schemas"]["RetentionLimits"];
            /** @description The limits that count. */
            effective: components["schemas"]["RetentionLimits"];
            /** @description Older events go. */
            kept_from: string | null;
            /** @description How many events it holds. */
            event_count: number;
            /** @description Bytes on disk. */
            stored_bytes: number;
            /** @description Time of the oldest event. */
            oldest_at: string | null;
            /** @description What goes next. */
            would_go: {
                /** @description Events. */
                event_count: number;
                /** @description Bytes. */
                stored_bytes: number;
                /** @description Time of the newest of them. */
                through: string | null;
            };
        };
        /** @description Which events go. */
        EraseRequest: {
            /** @description Seconds since 1970, included. */
            start_time?: number | null;
            /** @description Seconds since 1970, excluded. */
            end_time?: number | null;
            /** @description The start in nanoseconds. */
            start_time_ns?: string | null;
            /** @description The end in nanoseconds. */
            end_time_ns?: string | null;
            /** @description At least one; calculated fields and columns with a chosen type are refused. Saved queries lose a value when its filter is enough on its own, of all times. */
            filters: components["schemas"]["Filter"][] | null;
            /** @description AND unless given. */
            filter_combination?: ("AND" | "OR") | null;
            /** @description Seconds from the start, up to the end or up to now; events of all times unless one is given. */
            time_range?: number | null;
            /** @description False erases; anything else counts. */
            dry_run?: boolean | null;
        };
        /** @description The record of an erasure: never the values, which shall be nowhere. */
        Erasure: {
            /** @description Its id. */
            id: number;
            /**
             * @description How far it is.
             * @enum {string}
             */
            state: "running" | "done" | "failed";
            /** @description How many events went. */
            event_count: number;
            /** @description Which columns were compared, and how. */
            filters: string;
            /** @description Who asked for it. */
            asked_by: string;
            /**
             * Format: date-time
             * @description When.
             */
            created_at: string;
            /** @description When it was done. */
            finished_at: string | null;
            /** @description Why it failed. */
            failure: string | null;
        };
        /** @description Why a request was refused. */
        Refusal: {
            /** @description What is wrong. */
            error: string;
            /** @description Which member is to blame. */
            field?: string;
            /** @description Where in the text it is. */
            place?: {
                /** @description Line, from 1. */
                line: number;
                /** @description Column, from 1. */
                column: number;
            } | null;
            /** @description Under which id the server's log knows the request. */
            request_id?: string;
        };
    };
    responses: {
        /** @description A refusal of Waggle's own API. */
        OwnRefusal: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Refusal"];
            };
        };
    };
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    get__api_openapijson: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        [key: string]: unknown;
                    };
                };
            };
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    get__api_session: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    post__api_session: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description The person's address. */
                    email: string;
                    /** @description The person's password. */
                    password: string;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
            /** @description The body could not be read. */
            400: components["responses"]["OwnRefusal"];
            /** @description The body is too large. */
            413: components["responses"]["OwnRefusal"];
            /** @description The body has another content type. */
            415: components["responses"]["OwnRefusal"];
            /** @description A member of the body is wrong. */
            422: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    delete__api_session: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done; there is nothing to say. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    get__api_environments_env_members: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Member"][];
                };
            };
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    get__api_environments_env_environments: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TeamEnvironment"][];
                };
            };
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    post__api_environments_env_environments: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description 1 to 255 characters. */
                    name: string;
                    /** @description At most 255 characters. */
                    description?: string;
                    /**
                     * @description The colour people know it by; one that differs from the neighbours' unless given.
                     * @enum {string}
                     */
                    color?: "blue" | "green" | "gold" | "red" | "purple" | "lightBlue" | "lightGreen" | "lightGold" | "lightRed" | "lightPurple";
                };
            };
        };
        responses: {
            /** @description Made. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TeamEnvironment"];
                };
            };
            /** @description The body could not be read. */
            400: components["responses"]["OwnRefusal"];
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description The body is too large. */
            413: components["responses"]["OwnRefusal"];
            /** @description The body has another content type. */
            415: components["responses"]["OwnRefusal"];
            /** @description A member of the body is wrong. */
            422: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    put__api_environments_env_environment: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description At most 255 characters. */
                    description?: string;
                    /**
                     * @description The colour people know it by.
                     * @enum {string}
                     */
                    color?: "blue" | "green" | "gold" | "red" | "purple" | "lightBlue" | "lightGreen" | "lightGold" | "lightRed" | "lightPurple";
                    /** @description True while it can't be deleted. */
                    delete_protected?: boolean;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TeamEnvironment"];
                };
            };
            /** @description The body could not be read. */
            400: components["responses"]["OwnRefusal"];
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description The body is too large. */
            413: components["responses"]["OwnRefusal"];
            /** @description The body has another content type. */
            415: components["responses"]["OwnRefusal"];
            /** @description A member of the body is wrong. */
            422: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    delete__api_environments_env_environment: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done; there is nothing to say. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    get__api_environments_env_keys: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Key"][];
                };
            };
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    post__api_environments_env_keys: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description 1 to 100 characters. */
                    name: string;
                    /**
                     * @description What it is for; configuration unless given.
                     * @enum {string}
                     */
                    kind?: "configuration" | "ingest";
                    /** @description What it may do; everything unless given. */
                    permissions?: string[];
                };
            };
        };
        responses: {
            /** @description Made. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MadeKey"];
                };
            };
            /** @description The body could not be read. */
            400: components["responses"]["OwnRefusal"];
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description The body is too large. */
            413: components["responses"]["OwnRefusal"];
            /** @description The body has another content type. */
            415: components["responses"]["OwnRefusal"];
            /** @description A member of the body is wrong. */
            422: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    put__api_environments_env_keys_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
                /** @description Id of the API key. */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description 1 to 100 characters. */
                    name?: string;
                    /** @description True to refuse it for now. */
                    disabled?: boolean;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Key"];
                };
            };
            /** @description The body could not be read. */
            400: components["responses"]["OwnRefusal"];
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description The body is too large. */
            413: components["responses"]["OwnRefusal"];
            /** @description The body has another content type. */
            415: components["responses"]["OwnRefusal"];
            /** @description A member of the body is wrong. */
            422: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    delete__api_environments_env_keys_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
                /** @description Id of the API key. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done; there is nothing to say. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    get__api_environments_env_datasets: {
        parameters: {
            query?: {
                /** @description Of how many last days to tell what was taken in, today included; 1 to 366. None unless given. */
                days?: number;
            };
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HeldDataset"][];
                };
            };
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    get__api_environments_env_onboarding: {
        parameters: {
            query?: {
                /** @description Name of a service, or of the dataset it becomes, of which to tell as well. */
                service?: string;
            };
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description What has arrived. */
                        received: {
                            /** @description How many events there are. */
                            events: number;
                            /** @description Slug of the dataset that was last written to. */
                            last_dataset: string | null;
                            /** @description The dataset that was made last, of those that hold events. */
                            newest: {
                                /** @description Its slug. */
                                dataset: string;
                                /** @description How many events it holds. */
                                events: number;
                            } | null;
                            /** @description The dataset of the service that was asked for, once it holds events. */
                            service: {
                                /** @description Its slug. */
                                dataset: string;
                                /** @description How many events it holds. */
                                events: number;
                            } | null;
                        };
                    };
                };
            };
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    get__api_environments_env_datasets_dataset_columns: {
        parameters: {
            query?: {
                /** @description What to search for. */
                prefix?: string;
                /** @description Most of them in the answer. */
                limit?: number;
            };
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
                /** @description Slug or name of the dataset. */
                dataset: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description The columns. */
                        columns: components["schemas"]["Column"][];
                        /** @description How many match. */
                        total: number;
                    };
                };
            };
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    get__api_environments_env_datasets_dataset_columns_column_name_values: {
        parameters: {
            query?: {
                /** @description How the values begin. */
                prefix?: string;
                /** @description Of how many last seconds. */
                time_range?: number;
                /** @description Most of them in the answer. */
                limit?: number;
            };
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
                /** @description Slug or name of the dataset. */
                dataset: string;
                /** @description Name of the column. */
                column_name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description The values, the commonest first. */
                        values: {
                            /** @description The value. */
                            value: unknown;
                            /** @description How many events have it. */
                            count: number;
                        }[];
                    };
                };
            };
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    get__api_environments_env_datasets_dataset: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
                /** @description Slug or name of the dataset. */
                dataset: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Dataset"];
                };
            };
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    put__api_environments_env_datasets_dataset: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
                /** @description Slug or name of the dataset. */
                dataset: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DatasetChange"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Dataset"];
                };
            };
            /** @description The body could not be read. */
            400: components["responses"]["OwnRefusal"];
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description The body is too large. */
            413: components["responses"]["OwnRefusal"];
            /** @description The body has another content type. */
            415: components["responses"]["OwnRefusal"];
            /** @description A member of the body is wrong. */
            422: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    delete__api_environments_env_datasets_dataset: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
                /** @description Slug or name of the dataset. */
                dataset: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Taken; it is done in the background. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    put__api_environments_env_datasets_dataset_column_settings_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
                /** @description Slug or name of the dataset. */
                dataset: string;
                /** @description Id of the column. */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ColumnChange"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Column"];
                };
            };
            /** @description The body could not be read. */
            400: components["responses"]["OwnRefusal"];
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description The body is too large. */
            413: components["responses"]["OwnRefusal"];
            /** @description The body has another content type. */
            415: components["responses"]["OwnRefusal"];
            /** @description A member of the body is wrong. */
            422: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    post__api_environments_env_datasets_dataset_column_deletions: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
                /** @description Slug or name of the dataset. */
                dataset: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ColumnDeletion"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ColumnsDeleted"];
                };
            };
            /** @description The body could not be read. */
            400: components["responses"]["OwnRefusal"];
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description The body is too large. */
            413: components["responses"]["OwnRefusal"];
            /** @description The body has another content type. */
            415: components["responses"]["OwnRefusal"];
            /** @description A member of the body is wrong. */
            422: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    get__api_environments_env_datasets_dataset_definition: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
                /** @description Slug or name of the dataset. */
                dataset: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DatasetDefinition"];
                };
            };
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    put__api_environments_env_datasets_dataset_definition: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
                /** @description Slug or name of the dataset. */
                dataset: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DatasetDefinitionChange"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DatasetDefinition"];
                };
            };
            /** @description The body could not be read. */
            400: components["responses"]["OwnRefusal"];
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description The body is too large. */
            413: components["responses"]["OwnRefusal"];
            /** @description The body has another content type. */
            415: components["responses"]["OwnRefusal"];
            /** @description A member of the body is wrong. */
            422: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    get__api_environments_env_datasets_dataset_calculated_fields: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
                /** @description Slug or name of the dataset. */
                dataset: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DerivedColumn"][];
                };
            };
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    post__api_environments_env_datasets_dataset_calculated_fields: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
                /** @description Slug or name of the dataset. */
                dataset: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewDerivedColumn"];
            };
        };
        responses: {
            /** @description Made. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DerivedColumn"];
                };
            };
            /** @description The body could not be read. */
            400: components["responses"]["OwnRefusal"];
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description The body is too large. */
            413: components["responses"]["OwnRefusal"];
            /** @description The body has another content type. */
            415: components["responses"]["OwnRefusal"];
            /** @description A member of the body is wrong. */
            422: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    put__api_environments_env_datasets_dataset_calculated_fields_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
                /** @description Slug or name of the dataset. */
                dataset: string;
                /** @description Id of the calculated field. */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DerivedColumnChange"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DerivedColumn"];
                };
            };
            /** @description The body could not be read. */
            400: components["responses"]["OwnRefusal"];
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description The body is too large. */
            413: components["responses"]["OwnRefusal"];
            /** @description The body has another content type. */
            415: components["responses"]["OwnRefusal"];
            /** @description A member of the body is wrong. */
            422: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    delete__api_environments_env_datasets_dataset_calculated_fields_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
                /** @description Slug or name of the dataset. */
                dataset: string;
                /** @description Id of the calculated field. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done; there is nothing to say. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    get__api_environments_env_datasets_dataset_suggestions: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
                /** @description Slug or name of the dataset. */
                dataset: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description Columns to group by, the best first; at most 20. */
                        groupings: string[];
                        /** @description The query that the builder begins with. */
                        query: components["schemas"]["QuerySpec"] | null;
                    };
                };
            };
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    put__api_environments_env_datasets_dataset_suggestions: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
                /** @description Slug or name of the dataset. */
                dataset: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description Columns to group by, the best first; at most 20. */
                    groupings: string[];
                    /** @description The query that the builder begins with. */
                    query: components["schemas"]["QuerySpec"] | null;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description Columns to group by, the best first; at most 20. */
                        groupings: string[];
                        /** @description The query that the builder begins with. */
                        query: components["schemas"]["QuerySpec"] | null;
                    };
                };
            };
            /** @description The body could not be read. */
            400: components["responses"]["OwnRefusal"];
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description The body is too large. */
            413: components["responses"]["OwnRefusal"];
            /** @description The body has another content type. */
            415: components["responses"]["OwnRefusal"];
            /** @description A member of the body is wrong. */
            422: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    get__api_environments_env_datasets_dataset_metrics: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
                /** @description Slug or name of the dataset. */
                dataset: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description The metrics, by name. */
                        metrics: {
                            /** @description Its name, and that of its column. */
                            name: string;
                            /** @description `gauge`, `sum(cumulative,monotonic)`, `sum(cumulative)`, `sum(delta,monotonic)`, `sum(delta)`, `histogram(cumulative)`, `histogram(delta)` or `summary`. */
                            type: string;
                            /** @description How calculations over it follow its series, in a dataset of type metrics: `LAST`, `INCREASE` or `SUMMARIZE`; null for a summary, which is several columns. */
                            default: string | null;
                        }[];
                    };
                };
            };
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    get__api_environments_env_datasets_dataset_metrics_column_name_attributes: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
                /** @description Slug or name of the dataset. */
                dataset: string;
                /** @description Name of the column. */
                column_name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description Names of columns. */
                        attributes: string[];
                    };
                };
            };
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    post__api_environments_env_datasets_dataset_query: {
        parameters: {
            query?: {
                /** @description `false` keeps neither the query nor its answer, nor does the history. For pages that ask by themselves. */
                keep?: boolean;
                /** @description With `true`, `service.name`, `duration_ms`, `trace.trace_id` and the other columns of most datasets' definitions stand for what the definition of each dataset names; with `result`, in what is grouped by and calculated only, and filters and calculated fields go by names. */
                by_definition?: "true" | "result" | "false";
            };
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
                /** @description Slug or name of the dataset. */
                dataset: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["OwnQuerySpec"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description Id of the query. */
                        query_id?: string;
                        /** @description Id of the answer. */
                        result_id?: string;
                        /** @description The query as it was sent. All three are absent when nothing is kept. */
                        query?: components["schemas"]["Query"];
                        /** @description Seconds since 1970, included. */
                        start_time: number;
                        /** @description Seconds since 1970, excluded. */
                        end_time: number;
                        /** @description Seconds of one point of the series. */
                        granularity: number;
                        /** @description Names of the calculations. */
                        calculations: string[];
                        /** @description Names of the breakdowns. */
                        breakdowns: string[];
                        /** @description One row per group. */
                        results: components["schemas"]["ResultRow"][];
                        /** @description One row per time and group, ascending in time. */
                        series: components["schemas"]["ResultPoint"][];
                        /** @description The row of all groups. */
                        total: {
                            [key: string]: unknown;
                        };
                        /** @description The row of all groups, per time. */
                        total_series: components["schemas"]["ResultPoint"][];
                        /** @description The row of the groups beyond the limit. */
                        other: {
                            [key: string]: unknown;
                        } | null;
                        /** @description How many groups there are, those beyond the limit included. */
                        group_count: number;
                        /** @description Heatmaps by the name of their calculation. */
                        heatmaps: {
                            [key: string]: components["schemas"]["Heatmap"];
                        };
                        /** @description What the answer cost. */
                        stats: components["schemas"]["Stats"];
                        /** @description The same an earlier time ago, when the query has `compare_time_offset_seconds`; up to 1,000 groups. */
                        compare?: {
                            /** @description Seconds since 1970, included. */
                            start_time: number;
                            /** @description Seconds since 1970, excluded. */
                            end_time: number;
                            /** @description Seconds of one point of the series. */
                            granularity: number;
                            /** @description Names of the calculations. */
                            calculations: string[];
                            /** @description Names of the breakdowns. */
                            breakdowns: string[];
                            /** @description One row per group. */
                            results: components["schemas"]["ResultRow"][];
                            /** @description One row per time and group, ascending in time. */
                            series: components["schemas"]["ResultPoint"][];
                            /** @description The row of all groups. */
                            total: {
                                [key: string]: unknown;
                            };
                            /** @description The row of all groups, per time. */
                            total_series: components["schemas"]["ResultPoint"][];
                            /** @description The row of the groups beyond the limit. */
                            other: {
                                [key: string]: unknown;
                            } | null;
                            /** @description How many groups there are, those beyond the limit included. */
                            group_count: number;
                            /** @description Heatmaps by the name of their calculation. */
                            heatmaps: {
                                [key: string]: components["schemas"]["Heatmap"];
                            };
                            /** @description What the answer cost. */
                            stats: components["schemas"]["Stats"];
                        };
                    };
                };
            };
            /** @description The body could not be read. */
            400: components["responses"]["OwnRefusal"];
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description The body is too large. */
            413: components["responses"]["OwnRefusal"];
            /** @description The body has another content type. */
            415: components["responses"]["OwnRefusal"];
            /** @description A member of the body is wrong. */
            422: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    get__api_environments_env_results_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
                /** @description Id of the query result. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description Slug of the dataset, `__all__` for all; null when it is gone. */
                        dataset: string | null;
                        /** @description Id of the query. */
                        query_id?: string;
                        /** @description Id of the answer. */
                        result_id?: string;
                        /** @description The query as it was sent. All three are absent when nothing is kept. */
                        query?: components["schemas"]["Query"];
                        /** @description Seconds since 1970, included. */
                        start_time: number;
                        /** @description Seconds since 1970, excluded. */
                        end_time: number;
                        /** @description Seconds of one point of the series. */
                        granularity: number;
                        /** @description Names of the calculations. */
                        calculations: string[];
                        /** @description Names of the breakdowns. */
                        breakdowns: string[];
                        /** @description One row per group. */
                        results: components["schemas"]["ResultRow"][];
                        /** @description One row per time and group, ascending in time. */
                        series: components["schemas"]["ResultPoint"][];
                        /** @description The row of all groups. */
                        total: {
                            [key: string]: unknown;
                        };
                        /** @description The row of all groups, per time. */
                        total_series: components["schemas"]["ResultPoint"][];
                        /** @description The row of the groups beyond the limit. */
                        other: {
                            [key: string]: unknown;
                        } | null;
                        /** @description How many groups there are, those beyond the limit included. */
                        group_count: number;
                        /** @description Heatmaps by the name of their calculation. */
                        heatmaps: {
                            [key: string]: components["schemas"]["Heatmap"];
                        };
                        /** @description What the answer cost. */
                        stats: components["schemas"]["Stats"];
                        /** @description The same an earlier time ago, when the query has `compare_time_offset_seconds`; up to 1,000 groups. */
                        compare?: {
                            /** @description Seconds since 1970, included. */
                            start_time: number;
                            /** @description Seconds since 1970, excluded. */
                            end_time: number;
                            /** @description Seconds of one point of the series. */
                            granularity: number;
                            /** @description Names of the calculations. */
                            calculations: string[];
                            /** @description Names of the breakdowns. */
                            breakdowns: string[];
                            /** @description One row per group. */
                            results: components["schemas"]["ResultRow"][];
                            /** @description One row per time and group, ascending in time. */
                            series: components["schemas"]["ResultPoint"][];
                            /** @description The row of all groups. */
                            total: {
                                [key: string]: unknown;
                            };
                            /** @description The row of all groups, per time. */
                            total_series: components["schemas"]["ResultPoint"][];
                            /** @description The row of the groups beyond the limit. */
                            other: {
                                [key: string]: unknown;
                            } | null;
                            /** @description How many groups there are, those beyond the limit included. */
                            group_count: number;
                            /** @description Heatmaps by the name of their calculation. */
                            heatmaps: {
                                [key: string]: components["schemas"]["Heatmap"];
                            };
                            /** @description What the answer cost. */
                            stats: components["schemas"]["Stats"];
                        };
                    };
                };
            };
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    get__api_environments_env_queries_running: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description The queries. */
                        queries: components["schemas"]["RunningQuery"][];
                    };
                };
            };
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    get__api_picture: {
        parameters: {
            query: {
                /** @description The token. */
                of: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "image/png": unknown;
                };
            };
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    get__api_environments_env_results_id_picture: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
                /** @description Id of the query result. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description For the parameter `picture` of the result's page: programs that unfold the link then show the picture. */
                        token: string;
                        /** @description The picture. */
                        image_url: string;
                        /**
                         * Format: date-time
                         * @description When both are worth nothing.
                         */
                        expires_at: string;
                    };
                };
            };
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    get__api_environments_env_datasets_dataset_queries_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
                /** @description Slug or name of the dataset. */
                dataset: string;
                /** @description Id of the query. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Query"];
                };
            };
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    get__api_environments_env_datasets_dataset_query_annotations: {
        parameters: {
            query?: {
                /** @description `true` lists those that boards made too. */
                include_board_annotations?: string;
            };
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
                /** @description Slug or name of the dataset. */
                dataset: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["QueryAnnotation"][];
                };
            };
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    post__api_environments_env_datasets_dataset_query_annotations: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
                /** @description Slug or name of the dataset. */
                dataset: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewQueryAnnotation"];
            };
        };
        responses: {
            /** @description Made. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["QueryAnnotation"];
                };
            };
            /** @description The body could not be read. */
            400: components["responses"]["OwnRefusal"];
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description The body is too large. */
            413: components["responses"]["OwnRefusal"];
            /** @description The body has another content type. */
            415: components["responses"]["OwnRefusal"];
            /** @description A member of the body is wrong. */
            422: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    put__api_environments_env_datasets_dataset_query_annotations_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
                /** @description Slug or name of the dataset. */
                dataset: string;
                /** @description Id of the query annotation. */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["QueryAnnotationChange"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["QueryAnnotation"];
                };
            };
            /** @description The body could not be read. */
            400: components["responses"]["OwnRefusal"];
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description The body is too large. */
            413: components["responses"]["OwnRefusal"];
            /** @description The body has another content type. */
            415: components["responses"]["OwnRefusal"];
            /** @description A member of the body is wrong. */
            422: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    delete__api_environments_env_datasets_dataset_query_annotations_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
                /** @description Slug or name of the dataset. */
                dataset: string;
                /** @description Id of the query annotation. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done; there is nothing to say. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    get__api_environments_env_history: {
        parameters: {
            query?: {
                /** @description `true` for the caller's own runs. */
                mine?: boolean;
                /** @description `all` for every environment of the team; for people, not for keys. */
                environments?: "all";
                /** @description Part of a name that an annotation gave to the query, in any case. */
                name?: string;
                /** @description A column that the query names, with or without a relation like `root.`. */
                column?: string;
                /** @description Part of the name or address of who ran it, or of the name of the key, in any case; or a key's id. */
                person?: string;
                /** @description Slug of the dataset, `__all__` for queries over all. */
                dataset?: string;
                /** @description Asked then or later, in seconds since 1970. */
                start_time?: number;
                /** @description Asked before, in seconds since 1970. */
                end_time?: number;
                /** @description 1 to 100; 50 unless given. */
                limit?: number;
                /** @description Where the page begins: `next` of the page before. */
                after?: string;
            };
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description The runs. */
                        runs: components["schemas"]["PastRun"][];
                        /** @description For `after` of the next page; null on the last. */
                        next: string | null;
                    };
                };
            };
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    get__api_environments_env_history_settings: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description True when only the person and administrators see the person's runs. */
                        hidden: boolean;
                    };
                };
            };
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    put__api_environments_env_history_settings: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description True when only the person and administrators see the person's runs. */
                    hidden: boolean;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description True when only the person and administrators see the person's runs. */
                        hidden: boolean;
                    };
                };
            };
            /** @description The body could not be read. */
            400: components["responses"]["OwnRefusal"];
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description The body is too large. */
            413: components["responses"]["OwnRefusal"];
            /** @description The body has another content type. */
            415: components["responses"]["OwnRefusal"];
            /** @description A member of the body is wrong. */
            422: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    get__api_environments_env_boards: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Board"][];
                };
            };
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    post__api_environments_env_boards: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewBoard"];
            };
        };
        responses: {
            /** @description Made. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Board"];
                };
            };
            /** @description The body could not be read. */
            400: components["responses"]["OwnRefusal"];
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description The body is too large. */
            413: components["responses"]["OwnRefusal"];
            /** @description The body has another content type. */
            415: components["responses"]["OwnRefusal"];
            /** @description A member of the body is wrong. */
            422: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    get__api_environments_env_boards_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
                /** @description Id of the board. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Board"];
                };
            };
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    put__api_environments_env_boards_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
                /** @description Id of the board. */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewBoard"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Board"];
                };
            };
            /** @description The body could not be read. */
            400: components["responses"]["OwnRefusal"];
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description The body is too large. */
            413: components["responses"]["OwnRefusal"];
            /** @description The body has another content type. */
            415: components["responses"]["OwnRefusal"];
            /** @description A member of the body is wrong. */
            422: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    delete__api_environments_env_boards_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
                /** @description Id of the board. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done; there is nothing to say. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    get__api_environments_env_boards_id_views: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
                /** @description Id of the board. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BoardView"][];
                };
            };
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    post__api_environments_env_boards_id_views: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
                /** @description Id of the board. */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewBoardView"];
            };
        };
        responses: {
            /** @description Made. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BoardView"];
                };
            };
            /** @description The body could not be read. */
            400: components["responses"]["OwnRefusal"];
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description The body is too large. */
            413: components["responses"]["OwnRefusal"];
            /** @description The body has another content type. */
            415: components["responses"]["OwnRefusal"];
            /** @description A member of the body is wrong. */
            422: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    delete__api_environments_env_boards_id_views_view: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
                /** @description Id of the board. */
                id: string;
                /** @description Id of the view of a board. */
                view: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done; there is nothing to say. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    get__api_environments_env_board_shelf: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description Ids of boards, the one with the oldest star first. */
                        starred: string[];
                        /** @description Boards that were looked at, the last first; at most 20. */
                        viewed: {
                            /** @description Its id. */
                            board: string;
                            /**
                             * Format: date-time
                             * @description When it was looked at last.
                             */
                            at: string;
                        }[];
                    };
                };
            };
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    put__api_environments_env_board_shelf_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
                /** @description Id of the board. */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description Whether it has a star. */
                    starred?: boolean;
                    /** @description True when it was looked at now. */
                    viewed?: boolean;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description Ids of boards, the one with the oldest star first. */
                        starred: string[];
                        /** @description Boards that were looked at, the last first; at most 20. */
                        viewed: {
                            /** @description Its id. */
                            board: string;
                            /**
                             * Format: date-time
                             * @description When it was looked at last.
                             */
                            at: string;
                        }[];
                    };
                };
            };
            /** @description The body could not be read. */
            400: components["responses"]["OwnRefusal"];
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description The body is too large. */
            413: components["responses"]["OwnRefusal"];
            /** @description The body has another content type. */
            415: components["responses"]["OwnRefusal"];
            /** @description A member of the body is wrong. */
            422: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    get__api_environments_env_datasets_dataset_markers: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
                /** @description Slug or name of the dataset. */
                dataset: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Marker"][];
                };
            };
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    post__api_environments_env_datasets_dataset_markers: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
                /** @description Slug or name of the dataset. */
                dataset: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["MarkerValues"];
            };
        };
        responses: {
            /** @description Made. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Marker"];
                };
            };
            /** @description The body could not be read. */
            400: components["responses"]["OwnRefusal"];
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description The body is too large. */
            413: components["responses"]["OwnRefusal"];
            /** @description The body has another content type. */
            415: components["responses"]["OwnRefusal"];
            /** @description A member of the body is wrong. */
            422: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    delete__api_environments_env_datasets_dataset_markers_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
                /** @description Slug or name of the dataset. */
                dataset: string;
                /** @description Id of the marker. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Marker"];
                };
            };
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    post__api_environments_env_datasets_dataset_rows: {
        parameters: {
            query?: {
                /** @description With `true`, `service.name`, `duration_ms`, `trace.trace_id` and the other columns of most datasets' definitions stand for what the definition of each dataset names. */
                by_definition?: "true" | "false";
            };
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
                /** @description Slug or name of the dataset. */
                dataset: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RowsRequest"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description The events. */
                        rows: components["schemas"]["Row"][];
                        /** @description What to give as `before` for the next page; null on the last. */
                        next?: string | null;
                        /** @description What the answer cost. */
                        stats: components["schemas"]["Stats"];
                    };
                };
            };
            /** @description The body could not be read. */
            400: components["responses"]["OwnRefusal"];
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description The body is too large. */
            413: components["responses"]["OwnRefusal"];
            /** @description The body has another content type. */
            415: components["responses"]["OwnRefusal"];
            /** @description A member of the body is wrong. */
            422: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    get__api_environments_env_traces_trace_id: {
        parameters: {
            query?: {
                /** @description Seconds since 1970, included. */
                start?: number;
                /** @description Seconds since 1970, excluded. */
                end?: number;
                /** @description Most of them in the answer. */
                limit?: number;
            };
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
                /** @description Id of the trace. */
                trace_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description Its id. */
                        trace_id: string;
                        /** @description How many events it has. */
                        total_rows: number;
                        /** @description The events. */
                        rows: components["schemas"]["Row"][];
                        /** @description What the answer cost. */
                        stats: components["schemas"]["Stats"];
                    };
                };
            };
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    get__api_environments_env_traces_trace_id_columns: {
        parameters: {
            query?: {
                /** @description Seconds since 1970, included. */
                start?: number;
                /** @description Seconds since 1970, excluded. */
                end?: number;
                /** @description Id of a span that is never left out, nor what is above it; half the limit is for what is below. */
                around?: string;
                /** @description Most of them in the answer. */
                limit?: number;
            };
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
                /** @description Id of the trace. */
                trace_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description Its id. */
                        trace_id: string;
                        /** @description How many events it has. */
                        total_rows: number;
                        /** @description Time of the first event, in nanoseconds since 1970. */
                        start_ns: string;
                        /** @description Per event, nanoseconds after the first. */
                        times: number[];
                        /** @description Slugs. */
                        datasets: string[];
                        /** @description Per event, which of the datasets it is in. */
                        dataset: number[];
                        /** @description Per event, for how many it stands. */
                        sample_rate: number[];
                        /** @description The fields, by name. */
                        columns: components["schemas"]["TraceColumn"][];
                        /** @description What the definitions of the datasets say, by the names that are usual for it (`service.name`, `duration_ms`, `trace.span_id`); only where that is not what the columns of these names have. */
                        by_definition: components["schemas"]["TraceColumn"][];
                        /** @description Spans and logs that were left out. */
                        left_out: components["schemas"]["TraceLeftOut"][];
                        /** @description What the answer cost. */
                        stats: components["schemas"]["Stats"];
                    };
                };
            };
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    post__api_environments_env_datasets_dataset_bubble_up: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
                /** @description Slug or name of the dataset. */
                dataset: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["BubbleUpRequest"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BubbleUp"];
                };
            };
            /** @description The body could not be read. */
            400: components["responses"]["OwnRefusal"];
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description The body is too large. */
            413: components["responses"]["OwnRefusal"];
            /** @description The body has another content type. */
            415: components["responses"]["OwnRefusal"];
            /** @description A member of the body is wrong. */
            422: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    post__api_environments_env_datasets_dataset_calculated_field: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
                /** @description Slug or name of the dataset. */
                dataset: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CalculatedFieldPreviewRequest"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CalculatedFieldPreview"];
                };
            };
            /** @description The body could not be read. */
            400: components["responses"]["OwnRefusal"];
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description The body is too large. */
            413: components["responses"]["OwnRefusal"];
            /** @description The body has another content type. */
            415: components["responses"]["OwnRefusal"];
            /** @description A member of the body is wrong. */
            422: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    get__api_environments_env_calculated_field_functions: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description The functions. */
                        functions: components["schemas"]["ExpressionFunction"][];
                    };
                };
            };
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    post__api_environments_env_sql: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description The text of a SELECT. */
                    sql: string;
                    /** @description Most rows of the answer. */
                    rows_max?: number | null;
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SqlAnswer"];
                };
            };
            /** @description The body could not be read. */
            400: components["responses"]["OwnRefusal"];
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description The body is too large. */
            413: components["responses"]["OwnRefusal"];
            /** @description The body has another content type. */
            415: components["responses"]["OwnRefusal"];
            /** @description A member of the body is wrong. */
            422: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    get__api_environments_env_datasets_dataset_export: {
        parameters: {
            query?: {
                /** @description The format; parquet unless given. */
                format?: "parquet" | "csv" | "ndjson";
                /** @description Seconds since 1970 or RFC 3339, included. */
                start?: string;
                /** @description Seconds since 1970 or RFC 3339, excluded. */
                end?: string;
                /** @description A JSON list of filters; calculated fields are refused. */
                filters?: string;
                /** @description AND unless given. */
                filter_combination?: "AND" | "OR";
            };
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
                /** @description Slug or name of the dataset. */
                dataset: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/vnd.apache.parquet": unknown;
                    "text/csv": unknown;
                    "application/x-ndjson": unknown;
                };
            };
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    get__api_environments_env_usage: {
        parameters: {
            query?: {
                /** @description The first day, as 2026-11-01; 31 days before the end unless given. */
                start?: string;
                /** @description The last day; today unless given. */
                end?: string;
                /** @description `all` for every environment of the team; for people, not for keys. */
                environments?: "all";
            };
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description The first day. */
                        start: string;
                        /** @description The last day. */
                        end: string;
                        /** @description The month that it is now, so far, whichever days were asked for. */
                        this_month: {
                            /** @description What the events come to by its end when it goes on like this. */
                            projected_events: number;
                            /** @description The same of the data points. */
                            projected_data_points: number;
                            /** @description The month, as 2026-11. */
                            month: string;
                            /** @description Events, each as one whatever its sample rate; those of metrics too. */
                            events: number;
                            /** @description Bytes of their names and values, before compression. */
                            bytes: number;
                            /** @description Those of the events that hold metrics. */
                            metric_events: number;
                            /** @description The data points of metrics that these were made of. */
                            data_points: number;
                        };
                        /** @description Months with events, the oldest first; of the first and the last only the days that were asked for. */
                        months: {
                            /** @description The month, as 2026-11. */
                            month: string;
                            /** @description Events, each as one whatever its sample rate; those of metrics too. */
                            events: number;
                            /** @description Bytes of their names and values, before compression. */
                            bytes: number;
                            /** @description Those of the events that hold metrics. */
                            metric_events: number;
                            /** @description The data points of metrics that these were made of. */
                            data_points: number;
                        }[];
                        /** @description Environments with events, the one with most bytes first. */
                        environments: {
                            /** @description Its slug. */
                            environment: string;
                            /** @description Events, each as one whatever its sample rate; those of metrics too. */
                            events: number;
                            /** @description Bytes of their names and values, before compression. */
                            bytes: number;
                            /** @description Those of the events that hold metrics. */
                            metric_events: number;
                            /** @description The data points of metrics that these were made of. */
                            data_points: number;
                        }[];
                        /** @description Datasets with events, the one with most bytes first. */
                        datasets: {
                            /** @description Slug of its environment. */
                            environment: string;
                            /** @description Its slug; null for all of the environment that are gone together. */
                            dataset: string | null;
                            /** @description Its name. */
                            name: string | null;
                            /** @description Days with events, the oldest first. */
                            days: {
                                /** @description The day of arrival, UTC. */
                                day: string;
                                /** @description Events, each as one whatever its sample rate; those of metrics too. */
                                events: number;
                                /** @description Bytes of their names and values, before compression. */
                                bytes: number;
                                /** @description Those of the events that hold metrics. */
                                metric_events: number;
                                /** @description The data points of metrics that these were made of. */
                                data_points: number;
                            }[];
                            /** @description Events, each as one whatever its sample rate; those of metrics too. */
                            events: number;
                            /** @description Bytes of their names and values, before compression. */
                            bytes: number;
                            /** @description Those of the events that hold metrics. */
                            metric_events: number;
                            /** @description The data points of metrics that these were made of. */
                            data_points: number;
                        }[];
                        /** @description Keys with events, the one with most bytes first. */
                        keys: {
                            /** @description Its id; null for what came without one: from the machine itself, as documents of X-Ray that waited, or before keys were counted. */
                            key: string | null;
                            /** @description What people call it; null when it is gone. */
                            name: string | null;
                            /** @description Events, each as one whatever its sample rate; those of metrics too. */
                            events: number;
                            /** @description Bytes of their names and values, before compression. */
                            bytes: number;
                            /** @description Those of the events that hold metrics. */
                            metric_events: number;
                            /** @description The data points of metrics that these were made of. */
                            data_points: number;
                        }[];
                        /** @description Events, each as one whatever its sample rate; those of metrics too. */
                        events: number;
                        /** @description Bytes of their names and values, before compression. */
                        bytes: number;
                        /** @description Those of the events that hold metrics. */
                        metric_events: number;
                        /** @description The data points of metrics that these were made of. */
                        data_points: number;
                    };
                };
            };
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    get__api_environments_env_rejections: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description Of how many last minutes. */
                        minutes: number;
                        /** @description Of senders of this environment, the newest first. */
                        rejections: components["schemas"]["Rejection"][];
                        /** @description Of requests without a key that is known: they may be meant for any environment of this server. */
                        of_unknown_senders: components["schemas"]["Rejection"][];
                    };
                };
            };
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    get__api_environments_env_retention: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Retention"];
                };
            };
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    put__api_environments_env_retention: {
        parameters: {
            query?: {
                /** @description `true` shows what would go and changes nothing. */
                preview?: boolean;
            };
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RetentionLimits"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Retention"];
                };
            };
            /** @description The body could not be read. */
            400: components["responses"]["OwnRefusal"];
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description The body is too large. */
            413: components["responses"]["OwnRefusal"];
            /** @description The body has another content type. */
            415: components["responses"]["OwnRefusal"];
            /** @description A member of the body is wrong. */
            422: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    get__api_environments_env_datasets_dataset_retention: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
                /** @description Slug or name of the dataset. */
                dataset: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Retention"];
                };
            };
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    put__api_environments_env_datasets_dataset_retention: {
        parameters: {
            query?: {
                /** @description `true` shows what would go and changes nothing. */
                preview?: boolean;
            };
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
                /** @description Slug or name of the dataset. */
                dataset: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RetentionLimits"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Retention"];
                };
            };
            /** @description The body could not be read. */
            400: components["responses"]["OwnRefusal"];
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description The body is too large. */
            413: components["responses"]["OwnRefusal"];
            /** @description The body has another content type. */
            415: components["responses"]["OwnRefusal"];
            /** @description A member of the body is wrong. */
            422: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    post__api_environments_env_datasets_dataset_erase: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
                /** @description Slug or name of the dataset. */
                dataset: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "filters": [
                 *         {
                 *           "column": "user",
                 *           "op": "=",
                 *           "value": "u-1"
                 *         }
                 *       ],
                 *       "dry_run": false
                 *     }
                 */
                "application/json": components["schemas"]["EraseRequest"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description True. */
                        dry_run: boolean;
                        /** @description How many match. */
                        event_count: number;
                    };
                };
            };
            /** @description Taken; it is done in the background. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Erasure"];
                };
            };
            /** @description The body could not be read. */
            400: components["responses"]["OwnRefusal"];
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description The body is too large. */
            413: components["responses"]["OwnRefusal"];
            /** @description The body has another content type. */
            415: components["responses"]["OwnRefusal"];
            /** @description A member of the body is wrong. */
            422: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    get__api_environments_env_erasures: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Erasure"][];
                };
            };
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    get__api_environments_env_erasures_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
                /** @description Id of the erasure. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Erasure"];
                };
            };
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    get__api_environments_env_service_map: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description Names of services, at most 100. */
                        gateways: string[];
                    };
                };
            };
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    put__api_environments_env_service_map: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description Names of services, at most 100. */
                    gateways: string[];
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description Names of services, at most 100. */
                        gateways: string[];
                    };
                };
            };
            /** @description The body could not be read. */
            400: components["responses"]["OwnRefusal"];
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description The body is too large. */
            413: components["responses"]["OwnRefusal"];
            /** @description The body has another content type. */
            415: components["responses"]["OwnRefusal"];
            /** @description A member of the body is wrong. */
            422: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    get__api_environments_env_alerting: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description True when they are evaluated and people are told. */
                        evaluated: boolean;
                        /** @description The same for people. */
                        note: string;
                        /** @description Triggers of the environment. */
                        triggers: number;
                        /** @description SLOs of the environment. */
                        slos: number;
                        /** @description Burn alerts of the environment. */
                        burn_alerts: number;
                    };
                };
            };
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    get__api_environments_env_datasets_dataset_triggers: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
                /** @description Slug or name of the dataset. */
                dataset: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trigger"][];
                };
            };
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    post__api_environments_env_datasets_dataset_triggers: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
                /** @description Slug or name of the dataset. */
                dataset: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewTrigger"];
            };
        };
        responses: {
            /** @description Made. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Trigger"];
                };
            };
            /** @description The body could not be read. */
            400: components["responses"]["OwnRefusal"];
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description The body is too large. */
            413: components["responses"]["OwnRefusal"];
            /** @description The body has another content type. */
            415: components["responses"]["OwnRefusal"];
            /** @description A member of the body is wrong. */
            422: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    delete__api_environments_env_datasets_dataset_triggers_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
                /** @description Slug or name of the dataset. */
                dataset: string;
                /** @description Id of the trigger. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done; there is nothing to say. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    get__api_environments_env_datasets_dataset_slos: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
                /** @description Slug or name of the dataset. */
                dataset: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Slo"][];
                };
            };
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    post__api_environments_env_datasets_dataset_slos: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
                /** @description Slug or name of the dataset. */
                dataset: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewSlo"];
            };
        };
        responses: {
            /** @description Made. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Slo"];
                };
            };
            /** @description The body could not be read. */
            400: components["responses"]["OwnRefusal"];
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description The body is too large. */
            413: components["responses"]["OwnRefusal"];
            /** @description The body has another content type. */
            415: components["responses"]["OwnRefusal"];
            /** @description A member of the body is wrong. */
            422: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    get__api_environments_env_datasets_dataset_slos_id: {
        parameters: {
            query?: {
                /** @description Empty or `true` adds compliance, budget, status and burn rate. */
                detailed?: string;
            };
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
                /** @description Slug or name of the dataset. */
                dataset: string;
                /** @description Id of the SLO. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Slo"];
                };
            };
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    post__api_environments_env_slos_history: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SloHistoryQuestion"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        [key: string]: {
                            /** @description Seconds since the Unix epoch. */
                            timestamp: number;
                            /** @description Good events of the period before, in percent. */
                            compliance: number;
                            /** @description Of the failures allowed, in percent. */
                            budget_remaining: number;
                        }[];
                    };
                };
            };
            /** @description The body could not be read. */
            400: components["responses"]["OwnRefusal"];
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description The body is too large. */
            413: components["responses"]["OwnRefusal"];
            /** @description The body has another content type. */
            415: components["responses"]["OwnRefusal"];
            /** @description A member of the body is wrong. */
            422: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    get__api_environments_env_datasets_dataset_burn_alerts: {
        parameters: {
            query: {
                /** @description The SLO. */
                slo_id: string;
            };
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
                /** @description Slug or name of the dataset. */
                dataset: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BurnAlert"][];
                };
            };
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    get__api_environments_env_recipients: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Recipient"][];
                };
            };
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    post__api_environments_env_recipients: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewRecipient"];
            };
        };
        responses: {
            /** @description Made. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Recipient"];
                };
            };
            /** @description The body could not be read. */
            400: components["responses"]["OwnRefusal"];
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description The body is too large. */
            413: components["responses"]["OwnRefusal"];
            /** @description The body has another content type. */
            415: components["responses"]["OwnRefusal"];
            /** @description A member of the body is wrong. */
            422: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    delete__api_environments_env_recipients_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
                /** @description Id of the recipient. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done; there is nothing to say. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    get__api_environments_env_xray_sampling_rules: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["XRaySamplingRuleRecord"][];
                };
            };
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    post__api_environments_env_xray_sampling_rules: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "RuleName": "rule-<env>",
                 *       "Priority": 10,
                 *       "FixedRate": 0.1,
                 *       "ReservoirSize": 1,
                 *       "ServiceName": "*",
                 *       "ServiceType": "*",
                 *       "Host": "*",
                 *       "HTTPMethod": "GET",
                 *       "URLPath": "/cart",
                 *       "ResourceARN": "*",
                 *       "Version": 1
                 *     }
                 */
                "application/json": components["schemas"]["XRaySamplingRule"];
            };
        };
        responses: {
            /** @description Made. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["XRaySamplingRuleRecord"];
                };
            };
            /** @description The body could not be read. */
            400: components["responses"]["OwnRefusal"];
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description The body is too large. */
            413: components["responses"]["OwnRefusal"];
            /** @description The body has another content type. */
            415: components["responses"]["OwnRefusal"];
            /** @description A member of the body is wrong. */
            422: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    delete__api_environments_env_xray_sampling_rules_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
                /** @description Name of the sampling rule of X-Ray. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["XRaySamplingRuleRecord"];
                };
            };
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    patch__api_environments_env_xray_sampling_rules_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
                /** @description Name of the sampling rule of X-Ray. */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["XRaySamplingRule"];
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["XRaySamplingRuleRecord"];
                };
            };
            /** @description The body could not be read. */
            400: components["responses"]["OwnRefusal"];
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description The body is too large. */
            413: components["responses"]["OwnRefusal"];
            /** @description The body has another content type. */
            415: components["responses"]["OwnRefusal"];
            /** @description A member of the body is wrong. */
            422: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    post__api_environments_env_xray_matching_rule: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description Name of the service. */
                    ServiceName?: string;
                    /** @description What it runs on, as `AWS::EC2::Instance`. */
                    ServiceType?: string;
                    /** @description Host of the request. */
                    Host?: string;
                    /** @description Its method. */
                    HTTPMethod?: string;
                    /** @description Its path. */
                    URLPath?: string;
                    /** @description ARN of what the service runs on. */
                    ResourceARN?: string;
                    /** @description Its attributes. */
                    Attributes?: {
                        [key: string]: string;
                    };
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description The rule that decides. */
                        SamplingRuleRecord: components["schemas"]["XRaySamplingRuleRecord"];
                        /** @description The rules that are tried before it. */
                        Passed: {
                            /** @description Name of the rule. */
                            RuleName: string;
                            /** @description The first member in which the request differs; an attribute as `Attributes.tier`. */
                            Member: string;
                        }[];
                    };
                };
            };
            /** @description The body could not be read. */
            400: components["responses"]["OwnRefusal"];
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description The body is too large. */
            413: components["responses"]["OwnRefusal"];
            /** @description The body has another content type. */
            415: components["responses"]["OwnRefusal"];
            /** @description A member of the body is wrong. */
            422: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    get__api_environments_env_xray_groups: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["XRayGroup"][];
                };
            };
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    post__api_environments_env_xray_groups: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                /**
                 * @example {
                 *       "GroupName": "group-<env>",
                 *       "FilterExpression": "fault"
                 *     }
                 */
                "application/json": {
                    /** @description 1 to 32 letters, digits and dashes; unique. */
                    GroupName: string;
                    /** @description Which traces are in it. */
                    FilterExpression?: string;
                    /** @description What is watched. */
                    InsightsConfiguration?: {
                        /** @description Whether its faults are watched. */
                        InsightsEnabled?: boolean;
                        /** @description Whether somebody is told; only with the other. */
                        NotificationsEnabled?: boolean;
                    };
                };
            };
        };
        responses: {
            /** @description Made. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["XRayGroup"];
                };
            };
            /** @description The body could not be read. */
            400: components["responses"]["OwnRefusal"];
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description The body is too large. */
            413: components["responses"]["OwnRefusal"];
            /** @description The body has another content type. */
            415: components["responses"]["OwnRefusal"];
            /** @description A member of the body is wrong. */
            422: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    delete__api_environments_env_xray_groups_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
                /** @description Name of the group of X-Ray. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["XRayGroup"];
                };
            };
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
    patch__api_environments_env_xray_groups_id: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Slug of the environment. */
                env: string;
                /** @description Name of the group of X-Ray. */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description Which traces are in it. */
                    FilterExpression?: string;
                    /** @description What is watched. */
                    InsightsConfiguration?: {
                        /** @description Whether its faults are watched. */
                        InsightsEnabled?: boolean;
                        /** @description Whether somebody is told; only with the other. */
                        NotificationsEnabled?: boolean;
                    };
                };
            };
        };
        responses: {
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["XRayGroup"];
                };
            };
            /** @description The body could not be read. */
            400: components["responses"]["OwnRefusal"];
            /** @description No key, or one that nobody knows. */
            401: components["responses"]["OwnRefusal"];
            /** @description The caller may not do this. */
            403: components["responses"]["OwnRefusal"];
            /** @description An object of the path does not exist. */
            404: components["responses"]["OwnRefusal"];
            /** @description The body is too large. */
            413: components["responses"]["OwnRefusal"];
            /** @description The body has another content type. */
            415: components["responses"]["OwnRefusal"];
            /** @description A member of the body is wrong. */
            422: components["responses"]["OwnRefusal"];
            /** @description Any other refusal. */
            default: components["responses"]["OwnRefusal"];
        };
    };
}
